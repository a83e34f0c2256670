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
    public void Pixels_are_scaled_and_shifted_per_channel_of_the_networks_order(ChannelOrder order)
    {
        TorchRuntime.Start();
        var preprocessing = Preprocessing.ImageNet(2, 3) with { Channels = order };
        var crops = Enumerable.Range(0, 2 * 2 * 3 * 3).Select(i => (byte)(i * 7)).ToArray();
        using var tensor = ImageTensor.Of(crops, 2, preprocessing, torch.CPU);
        Assert.Equal([2, 3, 2, 3], tensor.shape);
        for (var n = 0; n < 2; n++)
        {
            for (var c = 0; c < 3; c++)
            {
                for (var pixel = 0; pixel < 6; pixel++)
                {
                    var value = crops[(n * 18) + (pixel * 3) + (order == ChannelOrder.Rgb ? c : 2 - c)];
                    var expected = (value * preprocessing.Affine[c].Factor) + preprocessing.Affine[c].Summand;
                    Assert.Equal(expected, tensor[n, c, pixel / 3, pixel % 3].item<float>(), 1e-6f);
                }
            }
        }
    }
}
