namespace VizPipeline.Images;

/// <summary>Converts float planes (1 or 3, channel by channel) to an image; one plane is shown as grey.</summary>
internal static class FloatDisplay
{
    /// <summary>Shows <c>value * factor + summand</c>, where 0 is black and 1 is white.</summary>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height, float factor, float summand)
    {
        var area = checked(width * height);
        if (area < 1 || (chw.Length != area && chw.Length != area * 3))
            throw new ArgumentException($"one or three planes of {width}x{height} cannot have {chw.Length} values", nameof(chw));
        var image = new RgbImage(width, height);
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = chw.Length == area ? chw : chw.Slice(channel * area, area);
            for (var i = 0; i < area; i++)
                image.Pixels[i * 3 + channel] = ToByte(plane[i] * factor + summand);
        }
        return image;
    }

    // NaN is black, because the comparison is false.
    private static byte ToByte(float value) => value > 0f ? (byte)(MathF.Min(value, 1f) * 255f + 0.5f) : (byte)0;
}
