namespace VizPipeline.Images;

/// <summary>
/// The kinds of pictures that we read, told by their first bytes. Skia would also try formats with almost no signature
/// (WBMP takes any file that begins with two zeros), and would then "read" garbage.
/// </summary>
internal static class ImageSignature
{
    public static bool IsKnown(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])
        || bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10])
        || bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)
        || bytes.StartsWith("BM"u8)
        || (bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..12].SequenceEqual("WEBP"u8));
}
