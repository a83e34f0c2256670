using VizPipeline.Images.Scientific;

namespace VizPipeline.Images;

/// <summary>
/// Decodes images of image sets: the formats of <see cref="ImageDecoder"/> and, in addition, TIFF, PNM (PBM, PGM, PPM) and TGA. Uploads are
/// limited to the former, because image sets come from the operator and uploads from anyone.
/// </summary>
/// <remarks>
/// Integers of 16 bits are converted linearly: value / 257, rounded. A TIFF of 32-bit floats must be uncompressed, and its values must be
/// from 0 (black) to 1 (white). Of a TIFF with several pages, the first is read.
/// </remarks>
public static class ImageSetDecoder
{
    /// <summary>Extensions of the additional formats, with the dot, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".tga"];

    /// <summary>Decodes a whole file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The image's name in error messages; its extension identifies TGA, which has no signature.</param>
    /// <exception cref="UnreadableImageException">The file is empty, truncated, damaged, too large or not a supported image.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string name)
    {
        using var pixels = DecodePooled(bytes, name);
        return new(pixels.Width, pixels.Height, pixels.Span.ToArray());
    }

    /// <summary>Decodes into pooled memory, for images that are only needed until they are cropped.</summary>
    internal static PooledPixels DecodePooled(ReadOnlyMemory<byte> bytes, string name, bool withAlpha = false) =>
        ScientificFormats.Find(bytes.Span, name) is { } format
            ? ScientificDecoder.Decode(format, bytes, name, withAlpha)
            : ImageDecoder.DecodePooled(bytes, name, withAlpha: withAlpha);
}
