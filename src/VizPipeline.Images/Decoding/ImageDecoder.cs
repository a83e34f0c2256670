using SkiaSharp;
using VizPipeline.Images.Scientific;

namespace VizPipeline.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, BMP and GIF (its first frame) to 8-bit RGB with the same pixels as Pillow's <c>convert('RGB')</c>: grey is
/// replicated, CMYK is converted, alpha is dropped unless a network reads it (the colour of transparent pixels is kept), 16 bits are
/// reduced to the upper 8. EXIF orientation and colour profiles are not applied: the pixels are those that the file stores.
/// </summary>
/// <remarks>
/// Differs from Pillow intentionally: 16-bit grey PNG keeps its upper 8 bits, where Pillow 9 saturates everything above 255, and
/// transparent pixels of a GIF are black, where Pillow keeps the colour of the transparent index.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>
    /// Images with more pixels are refused before they are decoded; Pillow's limit (a quarter of a gibibyte of RGB, doubled).
    /// </summary>
    public const long DefaultPixelLimit = 178_956_970;

    // Deflate's best ratio of 1032 at one bit per pixel; JPEG and GIF stay far below it.
    private const long PixelsPerByte = 8 * 1032;

    // WebP stores a single colour in almost no space, so small files may claim as many pixels as a large photograph.
    private const long PixelsOfAnyFile = 16 << 20;

    private const string CutShort = "the file ends before the picture does";

    /// <summary>Returns the largest number of pixels that is plausible for a file of this many bytes.</summary>
    public static long MostPixels(long bytes) => Math.Min(DefaultPixelLimit, PixelsOfAnyFile + (bytes * PixelsPerByte));

    /// <summary>Decodes a whole file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The image's name in error messages.</param>
    /// <param name="pixelLimit">Largest width x height that is decoded. Checked against the header, before pixel memory is
    /// allocated.</param>
    /// <exception cref="UnreadableImageException">The file is empty, truncated, damaged, too large or not an image.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string name, long pixelLimit = DefaultPixelLimit)
    {
        using var pixels = DecodePooled(bytes, name, pixelLimit);
        return new(pixels.Width, pixels.Height, pixels.Span.ToArray());
    }

    /// <summary>Decodes into pooled memory, for images that are only needed until they are cropped.</summary>
    internal static unsafe PooledPixels DecodePooled(
        ReadOnlyMemory<byte> bytes, string name, long pixelLimit = DefaultPixelLimit, bool withAlpha = false)
    {
        if (bytes.IsEmpty)
            throw new UnreadableImageException(name, "the file is empty");
        if (ScientificFormats.Find(bytes.Span, name) is { } format)
        {
            throw new UnreadableImageException(
                name, $"it is a {format.ToString().ToUpperInvariant()} file, which is read in image sets only; convert it to PNG");
        }
        if (!ImageSignature.IsKnown(bytes.Span))
            throw new UnreadableImageException(name, "it is not a JPEG, PNG, WebP, BMP or GIF file");

        if (JpegMarkers.IsProgressiveCutShort(bytes.Span))
            throw new UnreadableImageException(name, CutShort);

        bytes = PngChunks.WithoutSignificantBits(bytes);
        using var pin = bytes.Pin();
        using var data = SKData.Create((IntPtr)pin.Pointer, bytes.Length);
        using var codec = SKCodec.Create(data) ?? throw new UnreadableImageException(name, "its header is damaged or cut off");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1)
            throw new UnreadableImageException(name, $"its header says {width}x{height} pixels");
        // The second limit is the size of an array at the four bytes per pixel that Skia writes.
        if ((long)width * height > Math.Min(pixelLimit, Array.MaxLength / 4))
            throw new UnreadableImageException(name, $"its {width}x{height} pixels are more than the limit of {pixelLimit}");

        if ((long)width * height > MostPixels(bytes.Length))
        {
            throw new UnreadableImageException(
                name, $"its header says {width}x{height} pixels, more than its {bytes.Length} bytes can hold");
        }

        var pixels = new PooledPixels(width, height);
        try
        {
            Check(ReadPixels(codec, pixels), name);
            if (withAlpha)
                pixels.KeepAlpha();
            RgbPacking.DropFourth(pixels.Buffer.AsSpan(0, width * height * 4));
            return pixels;
        }
        catch
        {
            pixels.Dispose();
            throw;
        }
    }

    private static unsafe SKCodecResult ReadPixels(SKCodec codec, PooledPixels pixels)
    {
        // The array held other images before. Whatever a decoder leaves out must be black.
        pixels.Clear();
        // A null colour space returns the stored values unconverted; "unpremultiplied" keeps the colour of transparent pixels.
        var info = new SKImageInfo(pixels.Width, pixels.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
        fixed (byte* target = pixels.Buffer)
            return codec.GetPixels(info, (IntPtr)target, info.RowBytes, SKCodecOptions.Default);
    }

    private static void Check(SKCodecResult result, string name)
    {
        if (result != SKCodecResult.Success)
            throw new UnreadableImageException(name, result switch
            {
                SKCodecResult.IncompleteInput => CutShort,
                SKCodecResult.ErrorInInput => "its data are damaged",
                // Of a WebP or a PNG, Skia reports what is missing or wrong in its data like this.
                SKCodecResult.InvalidInput => "its data are damaged or cut short",
                _ => $"Skia cannot decode it ({result})",
            });
    }
}
