using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Methods.Input;

/// <summary>What a preprocessing means for ascents, which work on 0-255 pixels.</summary>
public static class PixelScales
{
    /// <summary>
    /// The scale of <paramref name="preprocessing"/>, in the network's channel order. The mean pixel is the preprocessing's own mean, or
    /// ImageNet's where it subtracts none.
    /// </summary>
    public static PixelScale Of(Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        var mean = preprocessing.Mean.Any(value => value != 0)
            ? preprocessing.Mean.Select(value => (float)(value / preprocessing.Scale))
            : preprocessing.Channels == ChannelOrder.Bgr ? PixelScale.ImageNetMean.Reverse() : PixelScale.ImageNetMean;
        return new PixelScale([.. preprocessing.Affine.Select(affine => affine.Factor)], [.. preprocessing.Affine.Select(affine => affine.Summand)], [.. mean]);
    }

    /// <summary>Planes [3, H, W] in the network's channel order as RGB planes.</summary>
    public static float[] ToRgb(float[] planes, Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(planes);
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (preprocessing.Channels == ChannelOrder.Rgb)
            return planes;
        var plane = planes.Length / 3;
        return [.. planes.AsSpan(2 * plane), .. planes.AsSpan(plane, plane), .. planes.AsSpan(0, plane)];
    }
}
