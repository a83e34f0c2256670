using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Methods.Input;

/// <summary>Converts a preprocessing to the pixel scale of ascents, which work on 0-255 pixels.</summary>
public static class PixelScales
{
    /// <summary>
    /// Returns the scale of <paramref name="preprocessing"/>, in the network's channel order. The mean pixel is the preprocessing's own
    /// mean, or ImageNet's (opaque, or its luma) if it subtracts none.
    /// </summary>
    public static PixelScale Create(Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        var mean = preprocessing.Mean.Any(value => value != 0)
            ? preprocessing.Mean.Select(value => (float)(value / preprocessing.Scale))
            : UsualMean(preprocessing.Channels);
        return new PixelScale(
            [.. preprocessing.Affine.Select(affine => affine.Factor)], [.. preprocessing.Affine.Select(affine => affine.Summand)],
            [.. mean],
            preprocessing.Channels == ChannelOrder.Bgr);
    }

    /// <summary>Converts a network's input to 0-255 pixels [N, C, H, W] on the CPU: the inverse of the scale.</summary>
    public static torch.Tensor Unscale(torch.Tensor input, PixelScale scale)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(scale);
        torch.Tensor PerChannel(float[] values) => torch.tensor(values, [1, values.Length, 1, 1]);
        return (input - PerChannel(scale.Shift)) / PerChannel(scale.Scale);
    }

    /// <summary>
    /// Converts planes [C, H, W] in the network's channel order to RGB planes [3, H, W]: grey is repeated, alpha is dropped.
    /// </summary>
    public static float[] ToRgb(float[] planes, Preprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(planes);
        ArgumentNullException.ThrowIfNull(preprocessing);
        var plane = planes.Length / preprocessing.Channels.Planes();
        return preprocessing.Channels switch
        {
            ChannelOrder.Grey => [.. planes, .. planes, .. planes],
            ChannelOrder.Rgba => planes[..(3 * plane)],
            ChannelOrder.Bgr => [.. planes.AsSpan(2 * plane), .. planes.AsSpan(plane, plane), .. planes.AsSpan(0, plane)],
            _ => planes,
        };
    }

    private static IEnumerable<float> UsualMean(ChannelOrder channels) => channels switch
    {
        ChannelOrder.Grey =>
            [(0.299f * PixelScale.ImageNetMean[0]) + (0.587f * PixelScale.ImageNetMean[1]) + (0.114f * PixelScale.ImageNetMean[2])],
        ChannelOrder.Rgba => [.. PixelScale.ImageNetMean, 255],
        ChannelOrder.Bgr => PixelScale.ImageNetMean.Reverse(),
        _ => PixelScale.ImageNetMean,
    };
}
