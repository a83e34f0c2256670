namespace VizPipeline.Images;

// The pixel operations: crop exactly like Pillow and torchvision, then convert to float planes.
public sealed partial record Preprocessing
{
    /// <summary>
    /// Resizes and centre-crops an image without alpha. Where the image does not cover the crop, it is black, like the padding of
    /// torchvision's CenterCrop, and transparent.
    /// </summary>
    /// <returns><see cref="CropBytes"/> bytes.</returns>
    public byte[] Crop(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var crop = new byte[CropBytes];
        Crop(image.Pixels, image.Width, image.Height, null, crop);
        return crop;
    }

    /// <summary>Decodes an image file, including alpha if the network reads it, and crops it.</summary>
    /// <param name="file">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="pixelLimit">Largest width x height that is decoded.</param>
    /// <exception cref="UnreadableImageException">The file is not a readable image.</exception>
    public byte[] CropOf(ReadOnlyMemory<byte> file, string name, long pixelLimit = ImageDecoder.DefaultPixelLimit)
    {
        using var pixels = ImageDecoder.DecodePooled(file, name, pixelLimit, withAlpha: Channels == ChannelOrder.Rgba);
        var crop = new byte[CropBytes];
        Crop(pixels, crop);
        return crop;
    }

    /// <summary>Crops into the caller's memory.</summary>
    internal void Crop(PooledPixels pixels, Span<byte> crop) => Crop(pixels.Span, pixels.Width, pixels.Height, pixels.Alpha, crop);

    private void Crop(ReadOnlySpan<byte> rgb, int width, int height, byte[]? alpha, Span<byte> crop)
    {
        switch (Channels)
        {
            case ChannelOrder.Grey:
                CropGrey(rgb, width, height, crop);
                break;
            case ChannelOrder.Rgba:
                CropWithAlpha(rgb, width, height, alpha, crop);
                break;
            default:
                CropColour(rgb, width, height, crop);
                break;
        }
    }

    private void CropColour(ReadOnlySpan<byte> pixels, int width, int height, Span<byte> crop)
    {
        var (resizedWidth, resizedHeight) = ResizedSize(width, height);
        var (left, top) = (Offset(resizedWidth, CropWidth), Offset(resizedHeight, CropHeight));
        var (x, y) = (Math.Max(left, 0), Math.Max(top, 0));
        var window = new PillowResize.Window(x, y, Math.Min(CropWidth, resizedWidth - x), Math.Min(CropHeight, resizedHeight - y));
        if (left < 0 || top < 0)
            crop.Clear();
        var first = (Math.Max(-top, 0) * CropWidth + Math.Max(-left, 0)) * 3;
        PillowResize.Resize(pixels, width, height, resizedWidth, resizedHeight, window, crop[first..], CropWidth * 3);
    }

    /// <summary>Returns a crop as an image: grey for grey, colours without alpha for RGBA.</summary>
    /// <param name="crop"><see cref="CropBytes"/> bytes.</param>
    public RgbImage Picture(ReadOnlySpan<byte> crop)
    {
        var picture = new RgbImage(CropWidth, CropHeight);
        for (var y = 0; y < CropHeight; y++)
            CopyPixels(crop, 0, y, picture.Row(y));
        return picture;
    }

    /// <summary>Copies the colours of a part of a crop's row, starting at (<paramref name="x"/>, <paramref name="y"/>).</summary>
    /// <param name="crop"><see cref="CropBytes"/> bytes.</param>
    /// <param name="x">Column.</param>
    /// <param name="y">Row.</param>
    /// <param name="rgb">Receives 3 bytes per pixel.</param>
    public void CopyPixels(ReadOnlySpan<byte> crop, int x, int y, Span<byte> rgb)
    {
        var first = (y * CropWidth) + x;
        if (Channels != ChannelOrder.Grey)
        {
            crop.Slice(first * 3, rgb.Length).CopyTo(rgb);
            return;
        }
        for (var i = 0; i < rgb.Length; i++)
            rgb[i] = crop[first + (i / 3)];
    }

    /// <summary>Converts one crop to the network's input.</summary>
    /// <param name="crop"><see cref="CropBytes"/> bytes.</param>
    /// <param name="chw">Receives as many values, with planes in the order of <see cref="Channels"/>.</param>
    /// <exception cref="ArgumentException">A length does not match.</exception>
    public void ToInput(ReadOnlySpan<byte> crop, Span<float> chw)
    {
        if (crop.Length != CropBytes || chw.Length != CropBytes)
        {
            throw new ArgumentException(
                $"a crop of {CropWidth}x{CropHeight} has {CropBytes} values, not {crop.Length} in and {chw.Length} out");
        }
        var area = CropHeight * CropWidth;
        Span<float> table = stackalloc float[256];
        for (var plane = 0; plane < Channels.Planes(); plane++)
        {
            FillTable(table, plane);
            var values = chw.Slice(plane * area, area);
            var (from, step) = Layout(plane);
            for (var i = 0; i < values.Length; i++)
                values[i] = table[crop[i * step + from]];
        }
    }

    /// <summary>
    /// Returns where a crop stores the values of the network's <paramref name="plane"/>: the first one and the step between them.
    /// </summary>
    public (int First, int Step) Layout(int plane) => Channels switch
    {
        ChannelOrder.Grey => (0, 1),
        ChannelOrder.Bgr => (2 - plane, 3),
        ChannelOrder.Rgba when plane == 3 => (CropHeight * CropWidth * 3, 1),
        _ => (plane, 3),
    };

    // The scale is applied in double precision and rounded once, so that 1/255 gives the same float as NumPy's division by 255.
    private void FillTable(Span<float> table, int plane)
    {
        for (var pixel = 0; pixel < table.Length; pixel++)
            table[pixel] = ((float)(pixel * Scale) - Mean[plane]) / Std[plane];
    }

    private (int Width, int Height) ResizedSize(int width, int height) => ShorterSide is not { } side
        ? (width, height)
        : width <= height ? (side, Longer(side, height, width)) : (Longer(side, width, height), side);

    // Only images millions of times longer than wide reach the limit; it keeps even those within 32 bits.
    private static int Longer(int side, int longer, int shorter) =>
        (int)Math.Min((double)((long)side * longer) / shorter, int.MaxValue);

    // torchvision crops at round((side - crop) / 2), halves to even, but pads by (crop - side) / 2, rounded down.
    private static int Offset(int side, int crop) =>
        side < crop ? -((crop - side) / 2) : (int)Math.Round((side - crop) / 2.0, MidpointRounding.ToEven);
}
