using TorchSharp;
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
        return new PixelScale([.. preprocessing.Affine.Select(affine => affine.Factor)], [.. preprocessing.Affine.Select(affine => affine.Summand)], [.. mean],
            preprocessing.Channels == ChannelOrder.Bgr);
    }

    /// <summary>0-255 pixels [N, C, H, W] of a network's input on the CPU: the scale undone.</summary>
    public static torch.Tensor Unscale(torch.Tensor input, PixelScale scale)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(scale);
        torch.Tensor PerChannel(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]);
        return (input - PerChannel(scale.Shift)) / PerChannel(scale.Scale);
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
