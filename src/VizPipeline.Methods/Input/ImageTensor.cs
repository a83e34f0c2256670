using TorchSharp;
using VizPipeline.Images;

namespace VizPipeline.Methods.Input;

/// <summary>Crops as a network's input.</summary>
public static class ImageTensor
{
    /// <summary>
    /// Crops [N, H, W, 3] in 8 bits as preprocessed float32 [N, 3, H, W] on <paramref name="device"/>. The bytes travel to the device as
    /// they are, and interleaved pixels are channels-last already.
    /// </summary>
    /// <param name="crops">N * H * W * 3 bytes, RGB interleaved.</param>
    /// <param name="count">N.</param>
    /// <param name="preprocessing">Sizes, factor and summand per channel, channel order.</param>
    /// <param name="device">Where the tensor goes.</param>
    public static torch.Tensor Of(ReadOnlyMemory<byte> crops, int count, Preprocessing preprocessing, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        using var scope = torch.NewDisposeScope();
        var bytes = torch.empty([count, preprocessing.CropHeight, preprocessing.CropWidth, 3], dtype: torch.uint8);
        crops.Span[..(count * preprocessing.CropBytes)].CopyTo(bytes.bytes);
        var pixels = bytes.to(device).to(torch.float32).permute(0, 3, 1, 2);
        if (preprocessing.Channels == ChannelOrder.Bgr)
            pixels = pixels.flip(1);
        pixels.mul_(PerChannel(preprocessing.Affine.Select(affine => affine.Factor), device));
        if (preprocessing.Affine.Any(affine => affine.Summand != 0))
            pixels.add_(PerChannel(preprocessing.Affine.Select(affine => affine.Summand), device));
        return pixels.MoveToOuterDisposeScope();
    }

    private static torch.Tensor PerChannel(IEnumerable<float> values, torch.Device device) => torch.tensor(values.ToArray(), [1, 3, 1, 1]).to(device);
}
