namespace VizPipeline.Images;

/// <summary>
/// Recognises the supported formats by their first bytes. Skia would also try formats with almost no signature (WBMP accepts any file that
/// begins with two zeros) and decode garbage.
/// </summary>
internal static class ImageSignature
{
    /// <summary>The first bytes of a JPEG file.</summary>
    public static ReadOnlySpan<byte> Jpeg => [0xFF, 0xD8, 0xFF];

    /// <summary>The first bytes of a PNG file.</summary>
    public static ReadOnlySpan<byte> Png => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    public static bool IsKnown(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Jpeg)
        || bytes.StartsWith(Png)
        || bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)
        || bytes.StartsWith("BM"u8)
        || (bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..12].SequenceEqual("WEBP"u8));
}
