namespace VizPipeline.Images.Scientific;

/// <summary>The formats that are read in image sets only.</summary>
internal enum ScientificFormat
{
    Tiff,
    Pnm,
    Tga,
}

/// <summary>Recognises the formats that are read in image sets only.</summary>
internal static class ScientificFormats
{
    /// <summary>
    /// Returns the format of a file by its first bytes, or by its extension for TGA, which has no signature; null if none.
    /// </summary>
    public static ScientificFormat? Find(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8) || bytes.StartsWith("II+\0"u8) || bytes.StartsWith("MM\0+"u8))
            return ScientificFormat.Tiff;
        if (bytes.Length > 2 && bytes[0] == 'P' && bytes[1] is >= (byte)'1' and <= (byte)'6' && PnmFile.IsSpace(bytes[2]))
            return ScientificFormat.Pnm;
        return !ImageSignature.IsKnown(bytes) && Path.GetExtension(name).Equals(".tga", StringComparison.OrdinalIgnoreCase)
            ? ScientificFormat.Tga
            : null;
    }
}

/// <summary>The claims of a file's header, checked against the file's bytes.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
internal readonly record struct CheckedHeader(int Width, int Height);

/// <summary>A file is refused because of its header. The message continues "NAME is unreadable: ".</summary>
internal sealed class RefusedHeaderException(string reason) : Exception(reason)
{
    public const string CutShort = "the file ends before the picture does";
    public const string DamagedData = "its data are damaged";
    public const string Damaged = "its header is damaged or cut off";
}
