using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Methods.Input;

public class ImageTensorTests
{
    [Theory]
    [InlineData(ChannelOrder.Rgb)]
    [InlineData(ChannelOrder.Bgr)]
    [InlineData(ChannelOrder.Grey)]
    [InlineData(ChannelOrder.Rgba)]
    public void Pixels_are_scaled_and_shifted_per_channel_of_the_networks_order(ChannelOrder order)
    {
        TorchRuntime.Start();
        var planes = order.Planes();
        var preprocessing = Preprocessing.Unit(2, 3, order) with
        {
            Mean = new[] { 0.485f, 0.456f, 0.406f, 0.2f }[..planes],
            Std = new[] { 0.229f, 0.224f, 0.225f, 0.4f }[..planes],
        };
        var crops = Enumerable.Range(0, 2 * preprocessing.CropBytes).Select(i => (byte)(i * 7)).ToArray();
        using var tensor = ImageTensor.Create(crops, 2, preprocessing, torch.CPU);
        Assert.Equal([2, planes, 2, 3], tensor.shape);
        // The way of other devices, which the CPU can go too.
        using var other = ImageTensor.OnDevice(crops, 2, preprocessing, torch.CPU);
        Assert.Equal(tensor.shape, other.shape);
        Assert.True(tensor.sub(other).abs().max().item<float>() < 1e-6f);
        var expected = new float[planes * 6];
        for (var n = 0; n < 2; n++)
        {
            preprocessing.ToInput(crops.AsSpan(n * expected.Length, expected.Length), expected);
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], tensor[n, i / 6, i / 3 % 2, i % 3].item<float>(), 1e-6f);
        }
    }
}
