using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>MNASNet B1 (Tan et al. 2018, arXiv 1807.11626) in four widths.</summary>
internal static class MnasNet
{
    private static readonly Dictionary<string, double> Variants = new()
    {
        ["mnasnet0_5"] = 0.5,
        ["mnasnet0_75"] = 0.75,
        ["mnasnet1_0"] = 1.0,
        ["mnasnet1_3"] = 1.3,
    };

    // Kernel, stride of the first block, expansion, channels, blocks.
    private static readonly (int Kernel, int Stride, int Expansion, int Channels, int Blocks)[] Stages =
        [(3, 2, 3, 24, 3), (5, 2, 3, 40, 3), (5, 2, 6, 80, 3), (3, 1, 6, 96, 2), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)];

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, width) = (new ZooBuilder(input, weights), Variants[name]);
        var x = Conv(net, GraphBuilder.Input, "layers", 0, ZooBuilder.Divisible(32 * width), 3, 2);
        x = net.Relu(Conv(net, net.Relu(x, "layers.2"), "layers", 3, net.ChannelsOf(x), 3, 1, net.ChannelsOf(x)), "layers.5");
        x = Conv(net, x, "layers", 6, ZooBuilder.Divisible(16 * width), 1);
        for (var stage = 0; stage < Stages.Length; stage++)
        {
            var (kernel, stride, expansion, channels, blocks) = Stages[stage];
            for (var i = 0; i < blocks; i++)
            {
                var block = $"layers.{8 + stage}.{i}";
                var y = Block(net, x, $"{block}.layers", kernel, i == 0 ? stride : 1, expansion, ZooBuilder.Divisible(channels * width));
                x = i > 0 ? net.Add(block, y, x) : y;
            }
        }
        x = net.Relu(Conv(net, x, "layers", 14, 1280, 1), "layers.16");
        return net.BuildWithHead(name, x, "mean", "classifier.1");
    }

    private static int Block(ZooBuilder net, int x, string name, int kernel, int stride, int expansion, int channels)
    {
        x = net.Relu(Conv(net, x, name, 0, net.ChannelsOf(x) * expansion, 1), $"{name}.2");
        x = net.Relu(Conv(net, x, name, 3, net.ChannelsOf(x), kernel, stride, net.ChannelsOf(x)), $"{name}.5");
        return Conv(net, x, name, 6, channels, 1);
    }

    private static int Conv(ZooBuilder net, int x, string name, int index, int outputs, int kernel, int stride = 1, int groups = 1) =>
        net.BatchNorm(net.Conv(x, $"{name}.{index}", outputs, kernel, stride, kernel / 2, groups, bias: false), $"{name}.{index + 1}");
}
