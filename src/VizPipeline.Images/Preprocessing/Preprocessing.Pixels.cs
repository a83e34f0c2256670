namespace VizPipeline.Images;

// The pixel work: crop exactly as Pillow and torchvision do, then the float planes.
public sealed partial record Preprocessing
{
    /// <summary>Resizes and cuts out the centre. What the picture does not cover is black, as torchvision's CenterCrop pads.</summary>
    /// <returns><see cref="CropHeight"/> x <see cref="CropWidth"/> x 3 bytes, RGB interleaved.</returns>
    public byte[] Crop(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var crop = new byte[CropBytes];
        Crop(image.Pixels, image.Width, image.Height, crop);
        return crop;
    }

    /// <summary>The same from and to memory of the caller.</summary>
    internal void Crop(ReadOnlySpan<byte> pixels, int width, int height, Span<byte> crop)
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

    /// <summary>Turns one crop into the network's input.</summary>
    /// <param name="crop"><see cref="CropBytes"/> bytes, RGB interleaved.</param>
    /// <param name="chw">Receives 3 x height x width values, planes in the order of <see cref="Channels"/>.</param>
    /// <exception cref="ArgumentException">One of the two has another length.</exception>
    public void ToInput(ReadOnlySpan<byte> crop, Span<float> chw)
    {
        if (crop.Length != CropBytes || chw.Length != CropBytes)
            throw new ArgumentException(
                $"a crop of {CropWidth}x{CropHeight} has {CropBytes} values, not {crop.Length} in and {chw.Length} out");
        var area = CropHeight * CropWidth;
        Span<float> table = stackalloc float[256];
        for (var plane = 0; plane < 3; plane++)
        {
            FillTable(table, plane);
            var values = chw.Slice(plane * area, area);
            var from = Channels == ChannelOrder.Rgb ? plane : 2 - plane;
            for (var i = 0; i < values.Length; i++)
                values[i] = table[crop[i * 3 + from]];
        }
    }

    // The scale is applied in double and rounded once, so that 1/255 gives the same float as numpy's division by 255.
    private void FillTable(Span<float> table, int plane)
    {
        for (var pixel = 0; pixel < table.Length; pixel++)
            table[pixel] = ((float)(pixel * Scale) - Mean[plane]) / Std[plane];
    }

    private (int Width, int Height) ResizedSize(int width, int height) => ShorterSide is not { } side
        ? (width, height)
        : width <= height ? (side, Longer(side, height, width)) : (Longer(side, width, height), side);

    // The bound is met only by pictures millions of times longer than wide; it keeps even those inside 32 bits.
    private static int Longer(int side, int longer, int shorter) =>
        (int)Math.Min((double)((long)side * longer) / shorter, int.MaxValue);

    // torchvision cuts at round((side - crop) / 2), halves to even, but pads (crop - side) / 2, rounded down.
    private static int Offset(int side, int crop) =>
        side < crop ? -((crop - side) / 2) : (int)Math.Round((side - crop) / 2.0, MidpointRounding.ToEven);
}
