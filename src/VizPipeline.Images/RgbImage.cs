namespace VizPipeline.Images;

/// <summary>An 8-bit RGB image in managed memory, used by decoding, preprocessing and drawing.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps <paramref name="pixels"/> without copying.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">Height x width x 3 bytes, interleaved R, G, B, row by row without padding.</param>
    /// <exception cref="ArgumentException">A side is below 1, or the number of bytes is not height x width x 3.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (width < 1 || height < 1 || (long)width * height * 3 != pixels.Length)
            throw new ArgumentException($"an RGB picture of {width}x{height} cannot have {pixels.Length} bytes", nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Creates a black image of <paramref name="width"/> x <paramref name="height"/>.</summary>
    /// <exception cref="ArgumentException">A side is below 1.</exception>
    public RgbImage(int width, int height) : this(width, height, new byte[checked(Math.Max(width, 0) * Math.Max(height, 0) * 3)])
    {
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Height x width x 3 bytes, interleaved R, G, B.</summary>
    public byte[] Pixels { get; }

    /// <summary>The colour at (<paramref name="x"/>, <paramref name="y"/>), counted from the upper left corner.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position lies outside the picture.</exception>
    public Rgb this[int x, int y]
    {
        get
        {
            var at = Offset(x, y);
            return new(Pixels[at], Pixels[at + 1], Pixels[at + 2]);
        }
        set
        {
            var at = Offset(x, y);
            (Pixels[at], Pixels[at + 1], Pixels[at + 2]) = (value.R, value.G, value.B);
        }
    }

    /// <summary>Returns the pixels of one row, width x 3 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<byte> Row(int y) => Pixels.AsSpan(Offset(0, y), Width * 3);

    /// <summary>Copies a rectangle.</summary>
    /// <exception cref="ArgumentException">A side is below 1.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle lies partly outside the picture.</exception>
    public RgbImage Crop(int x0, int y0, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(x0 + width, Width);
        var crop = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
            Row(y0 + y).Slice(x0 * 3, width * 3).CopyTo(crop.Row(y));
        return crop;
    }

    private int Offset(int x, int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(x, Width);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return (y * Width + x) * 3;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Width}x{Height} RGB";
}

/// <summary>A colour, 0..255 per channel.</summary>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>Creates a shade of grey, 0 (black) to 255 (white).</summary>
    public static Rgb Grey(byte level) => new(level, level, level);
}
