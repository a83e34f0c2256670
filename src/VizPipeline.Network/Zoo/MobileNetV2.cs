using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381): residuals between narrow maps, depthwise convolutions on wide ones.
/// </summary>
internal static class MobileNetV2
{
    // Expansion, channels, blocks, stride of the first block.
    private static readonly (int Expansion, int Channels, int Blocks, int Stride)[] Stages =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    public static NetworkGraph Build(Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, index) = (new ZooBuilder(input, weights), 1);
        var x = net.ConvNorm(GraphBuilder.Input, "features.0", 32, 3, 2, activation: Relu6());
        foreach (var (expansion, channels, blocks, stride) in Stages)
        {
            for (var i = 0; i < blocks; i++)
                x = Block(net, x, $"features.{index++}", expansion, channels, i == 0 ? stride : 1, isResidual: i > 0);
        }
        x = net.ConvNorm(x, $"features.{index}", 1280, 1, activation: Relu6());
        return net.BuildWithHead("mobilenet_v2", x, "avgpool", "classifier.1");
    }

    private static int Block(ZooBuilder net, int x, string name, int expansion, int channels, int stride, bool isResidual)
    {
        var (y, index) = (x, 0);
        if (expansion > 1)
            y = net.ConvNorm(y, $"{name}.conv.{index++}", net.ChannelsOf(x) * expansion, 1, activation: Relu6());
        y = net.ConvNorm(y, $"{name}.conv.{index++}", net.ChannelsOf(y), 3, stride, net.ChannelsOf(y), Relu6());
        y = net.BatchNorm(net.Conv(y, $"{name}.conv.{index}", channels, 1, bias: false), $"{name}.conv.{index + 1}");
        return isResidual ? net.Add(name, x, y) : y;
    }

    private static Clip Relu6() => new(0, 6);
}
