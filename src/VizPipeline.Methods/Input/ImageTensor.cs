using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;

namespace VizPipeline.Methods.Input;

/// <summary>Crops as a network's input.</summary>
public static class ImageTensor
{
    /// <summary>
    /// Crops [N, H, W, 3] in 8 bits as preprocessed float32 [N, 3, H, W] on <paramref name="device"/>. To a GPU the bytes travel as they
    /// are; interleaved pixels are channels-last already.
    /// </summary>
    /// <param name="crops">N * H * W * 3 bytes, RGB interleaved.</param>
    /// <param name="count">N.</param>
    /// <param name="preprocessing">Sizes, factor and summand per channel, channel order.</param>
    /// <param name="device">Where the tensor goes.</param>
    public static torch.Tensor Of(ReadOnlyMemory<byte> crops, int count, Preprocessing preprocessing, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(device);
        using var scope = torch.NewDisposeScope();
        var pixels = device.type == DeviceType.CPU ? OnCpu(crops, count, preprocessing) : OnDevice(crops, count, preprocessing, device);
        return pixels.MoveToOuterDisposeScope();
    }

    /// <summary>One look into a table of 256 per channel: torch's three passes of broadcasts cost a sixth of a small network's forward pass.</summary>
    private static torch.Tensor OnCpu(ReadOnlyMemory<byte> crops, int count, Preprocessing preprocessing)
    {
        var pixels = torch.empty([count, preprocessing.CropHeight, preprocessing.CropWidth, 3], dtype: torch.float32);
        float[][] tables = [.. preprocessing.Affine.Select(affine => Enumerable.Range(0, 256).Select(value => (value * affine.Factor) + affine.Summand).ToArray())];
        var (first, last) = preprocessing.Channels == ChannelOrder.Bgr ? (2, 0) : (0, 2);
        Parallel.For(0, count, image =>
        {
            var from = crops.Span.Slice(image * preprocessing.CropBytes, preprocessing.CropBytes);
            var to = MemoryMarshal.Cast<byte, float>(pixels.bytes).Slice(image * preprocessing.CropBytes, preprocessing.CropBytes);
            var (a, b, c) = (tables[0], tables[1], tables[2]);
            for (var i = 0; i + 2 < from.Length && i + 2 < to.Length; i += 3)
            {
                to[i] = a[from[i + first]];
                to[i + 1] = b[from[i + 1]];
                to[i + 2] = c[from[i + last]];
            }
        });
        return pixels.permute(0, 3, 1, 2);
    }

    private static torch.Tensor OnDevice(ReadOnlyMemory<byte> crops, int count, Preprocessing preprocessing, torch.Device device)
    {
        var bytes = torch.empty([count, preprocessing.CropHeight, preprocessing.CropWidth, 3], dtype: torch.uint8);
        crops.Span[..(count * preprocessing.CropBytes)].CopyTo(bytes.bytes);
        var pixels = bytes.to(device).to(torch.float32).permute(0, 3, 1, 2);
        if (preprocessing.Channels == ChannelOrder.Bgr)
            pixels = pixels.flip(1);
        return pixels.mul_(PerChannel(preprocessing.Affine.Select(affine => affine.Factor), device))
            .add_(PerChannel(preprocessing.Affine.Select(affine => affine.Summand), device));
    }

    private static torch.Tensor PerChannel(IEnumerable<float> values, torch.Device device) => torch.tensor(values.ToArray(), [1, 3, 1, 1]).to(device);
}
