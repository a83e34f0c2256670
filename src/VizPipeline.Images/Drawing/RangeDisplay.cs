namespace VizPipeline.Images;

/// <summary>Pictures in floats: 0 is black, 1 is white, everything beyond is cut.</summary>
public static class RangeDisplay
{
    /// <summary>Shows float planes as they are.</summary>
    /// <param name="chw">Three planes (R, G, B) or one (grey) of height x width values, 0..1.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height) => FloatDisplay.Render(chw, width, height, 1f, 0f);

    /// <summary>Stretches planes from their least to their greatest value; where all are equal the picture is mid-grey.</summary>
    /// <param name="chw">Three planes (R, G, B) or one (grey) of height x width values.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Stretch(ReadOnlySpan<float> chw, int width, int height)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in chw)
            (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
        return high > low
            ? FloatDisplay.Render(chw, width, height, 1f / (high - low), -low / (high - low))
            : FloatDisplay.Render(chw, width, height, 0f, 0.5f);
    }
}
