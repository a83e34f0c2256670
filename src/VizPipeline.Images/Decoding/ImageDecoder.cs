using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, BMP and GIF (its first frame) to 8-bit RGB, with the pixels that Pillow's <c>convert('RGB')</c> gives:
/// grey is replicated, CMYK converted, alpha dropped unless a network reads it (the colour below it stays), 16 bits cut to the upper 8.
/// EXIF orientation is not applied and colour profiles are not converted: the pixels are those that the file stores.
/// </summary>
/// <remarks>
/// Differs from Pillow on purpose in one case: 16-bit grey PNG keeps its upper 8 bits, where Pillow 9 saturates everything above 255.
/// Transparent pixels of a GIF are black, where Pillow keeps the colour of the transparent index.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>
    /// Pictures with more pixels than this are refused before they are decoded; Pillow's limit (a quarter of a gibibyte of RGB, doubled).
    /// </summary>
    public const long DefaultPixelLimit = 178_956_970;

    // Deflate's best ratio of 1032 at one bit per pixel; JPEG and GIF stay far below.
    private const long PixelsPerByte = 8 * 1032;

    // WebP packs one colour without end, so small files may claim as much as a large photograph has.
    private const long PixelsOfAnyFile = 16 << 20;

    private const string CutShort = "the file ends before the picture does";

    /// <summary>Most pixels that a file of so many bytes is believed to have.</summary>
    public static long MostPixels(long bytes) => Math.Min(DefaultPixelLimit, PixelsOfAnyFile + (bytes * PixelsPerByte));

    /// <summary>Decodes a whole file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">What error messages call the picture.</param>
    /// <param name="pixelLimit">Largest width x height that is decoded. It is compared with the header, before any pixel memory is
    /// taken.</param>
    /// <exception cref="UnreadableImageException">The file is empty, truncated, damaged, too large or no picture.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string name, long pixelLimit = DefaultPixelLimit)
    {
        using var pixels = DecodePooled(bytes, name, pixelLimit);
        return new(pixels.Width, pixels.Height, pixels.Span.ToArray());
    }

    /// <summary>The same into borrowed memory, for pictures that live only until they are cropped.</summary>
    internal static unsafe PooledPixels DecodePooled(ReadOnlyMemory<byte> bytes, string name, long pixelLimit = DefaultPixelLimit, bool withAlpha = false)
    {
        if (bytes.IsEmpty)
            throw new UnreadableImageException(name, "the file is empty");
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
        // The second bound is what one array can hold at the four bytes per pixel that Skia writes.
        if ((long)width * height > Math.Min(pixelLimit, Array.MaxLength / 4))
            throw new UnreadableImageException(name, $"its {width}x{height} pixels are more than the limit of {pixelLimit}");

        if ((long)width * height > MostPixels(bytes.Length))
            throw new UnreadableImageException(name, $"its header says {width}x{height} pixels, more than its {bytes.Length} bytes can hold");

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
        // The array held other pictures before. Whatever a decoder leaves out must be black, not them.
        pixels.Clear();
        // A null colour space asks for the stored values, unconverted; "unpremultiplied" keeps the colour below transparent pixels.
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
                _ => $"Skia cannot decode it ({result})",
            });
    }
}
