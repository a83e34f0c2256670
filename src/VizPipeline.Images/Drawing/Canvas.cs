using SkiaSharp;

namespace VizPipeline.Images;

/// <summary>How an image is scaled.</summary>
public enum Scaling
{
    /// <summary>Each pixel becomes a block: for filters and feature maps, whose pixels matter individually.</summary>
    Nearest,

    /// <summary>Smooth, with antialiasing when it shrinks: for photographs.</summary>
    Bilinear,
}

/// <summary>A surface for images, rectangles and lines of text. Anything outside is clipped.</summary>
public sealed class Canvas : IDisposable
{
    private readonly SKBitmap _bitmap;
    private readonly SKCanvas _canvas;

    /// <summary>Creates a canvas of one colour.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public Canvas(int width, int height, Rgb background)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        _bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        _canvas = new(_bitmap);
        _canvas.Clear(Colour(background));
    }

    /// <summary>Width in pixels.</summary>
    public int Width => _bitmap.Width;

    /// <summary>Height in pixels.</summary>
    public int Height => _bitmap.Height;

    /// <summary>Draws an image with its upper left corner at (<paramref name="x"/>, <paramref name="y"/>).</summary>
    public unsafe void Image(RgbImage image, int x, int y)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (left, right) = (Math.Max(x, 0), Math.Min(x + image.Width, Width));
        if (left >= right)
            return;
        for (var row = Math.Max(y, 0); row < Math.Min(y + image.Height, Height); row++)
        {
            var target = new Span<byte>((byte*)_bitmap.GetPixels() + (long)row * _bitmap.RowBytes + left * 4, (right - left) * 4);
            RgbPacking.AddFourth(image.Row(row - y).Slice((left - x) * 3, (right - left) * 3), target);
        }
    }

    /// <summary>Draws an image scaled to another size.</summary>
    public void Image(RgbImage image, int x, int y, int width, int height, Scaling scaling) =>
        Image(Scale(image, width, height, scaling), x, y);

    /// <summary>Fills a rectangle.</summary>
    public void Fill(int x, int y, int width, int height, Rgb colour)
    {
        using var paint = new SKPaint { Color = Colour(colour) };
        _canvas.DrawRect(x, y, width, height, paint);
    }

    /// <summary>Draws a frame of one pixel just inside a rectangle.</summary>
    public void Frame(int x, int y, int width, int height, Rgb colour)
    {
        Fill(x, y, width, 1, colour);
        Fill(x, y + height - 1, width, 1, colour);
        Fill(x, y, 1, height, colour);
        Fill(x + width - 1, y, 1, height, colour);
    }

    /// <summary>
    /// Draws one line of text with its upper left corner at (<paramref name="x"/>, <paramref name="y"/>), truncated to
    /// <paramref name="width"/> pixels with an ellipsis.
    /// </summary>
    public void Text(string text, int x, int y, int width, TextStyle style, TextAlign align = TextAlign.Left)
    {
        ArgumentNullException.ThrowIfNull(style);
        var line = style.Fit(text, width);
        var free = width - style.Measure(line);
        using var paint = style.Paint();
        using var font = style.Font();
        _canvas.DrawText(line, x + (align == TextAlign.Left ? 0 : align == TextAlign.Right ? free : free / 2), y + style.Baseline,
            SKTextAlign.Left, font, paint);
    }

    /// <summary>Returns the drawing as an image.</summary>
    public RgbImage ToImage()
    {
        var packed = _bitmap.GetPixelSpan().ToArray();
        RgbPacking.DropFourth(packed);
        return new(Width, Height, packed[..(Width * Height * 3)]);
    }

    /// <summary>Scales an image to another size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static RgbImage Scale(RgbImage image, int width, int height, Scaling scaling)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Width == width && image.Height == height)
            return image;
        if (scaling == Scaling.Bilinear)
            return PillowResize.Resize(image, width, height);
        var result = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                result[x, y] = image[(int)((long)x * image.Width / width), (int)((long)y * image.Height / height)];
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _canvas.Dispose();
        _bitmap.Dispose();
    }

    private static SKColor Colour(Rgb colour) => new(colour.R, colour.G, colour.B);
}

/// <summary>Alignment of a line of text in its width.</summary>
public enum TextAlign
{
    /// <summary>At the left.</summary>
    Left,

    /// <summary>In the centre.</summary>
    Centre,

    /// <summary>At the right.</summary>
    Right,
}
