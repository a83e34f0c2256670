namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The conversion of 0-255 pixels to the network's input, per channel in the network's order: input = pixel * Scale + Shift; and the mean
/// pixel that ascents start from.
/// </summary>
/// <param name="Scale">[C].</param>
/// <param name="Shift">[C].</param>
/// <param name="Mean">[C], 0-255.</param>
/// <param name="IsBgr">Whether the channels are blue, green, red.</param>
public sealed record PixelScale(float[] Scale, float[] Shift, float[] Mean, bool IsBgr = false)
{
    /// <summary>ImageNet's mean colour, RGB in 0-255, for networks whose own preprocessing subtracts no mean.</summary>
    public static IReadOnlyList<float> ImageNetMean { get; } = [123.675f, 116.28f, 103.53f];
}
