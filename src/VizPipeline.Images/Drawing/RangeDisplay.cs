namespace VizPipeline.Images;

/// <summary>Displays float images: 0 is black, 1 is white, values beyond are clipped.</summary>
public static class RangeDisplay
{
    /// <summary>Renders float planes without scaling.</summary>
    /// <param name="chw">Three planes (R, G, B) or one (grey) of height x width values, 0..1.</param>
    /// <param name="width">Width of a plane.</param>
    /// <param name="height">Height of a plane.</param>
    /// <exception cref="ArgumentException">There are not one or three planes.</exception>
    public static RgbImage Render(ReadOnlySpan<float> chw, int width, int height) => FloatDisplay.Render(chw, width, height, 1f, 0f);
}
