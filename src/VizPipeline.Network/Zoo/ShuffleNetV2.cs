using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// ShuffleNetV2 (Ma et al. 2018, arXiv 1807.11164): half of the channels bypass each block, then both halves are interleaved.
/// </summary>
internal static class ShuffleNetV2
{
    private static readonly int[] Blocks = [4, 8, 4];

    // Channels of the three stages, and of the last convolution.
    private static readonly Dictionary<string, (int[] Stages, int Last)> Variants = new()
    {
        ["shufflenet_v2_x0_5"] = ([48, 96, 192], 1024),
        ["shufflenet_v2_x1_0"] = ([116, 232, 464], 1024),
        ["shufflenet_v2_x1_5"] = ([176, 352, 704], 1024),
        ["shufflenet_v2_x2_0"] = ([244, 488, 976], 2048),
    };

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var (stages, last) = Variants[name];
        var x = net.MaxPool(net.ConvNorm(GraphBuilder.Input, "conv1", 24, 3, 2, activation: new Relu()), "maxpool", 3, 2, 1);
        for (var stage = 0; stage < stages.Length; stage++)
        {
            for (var i = 0; i < Blocks[stage]; i++)
            {
                var block = $"stage{stage + 2}.{i}";
                x = i == 0 ? Reducing(net, x, block, stages[stage] / 2) : Passing(net, x, block);
                x = net.Graph.Add($"{block}.shuffle", ChannelGather.Shuffle(net.ChannelsOf(x), 2), x);
            }
        }
        x = net.ConvNorm(x, "conv5", last, 1, activation: new Relu());
        return net.BuildWithHead(name, x, "mean", "fc");
    }

    private static int Reducing(ZooBuilder net, int x, string name, int width)
    {
        var y = net.BatchNorm(
            net.Conv(x, $"{name}.branch1.0", net.ChannelsOf(x), 3, 2, 1, net.ChannelsOf(x), bias: false), $"{name}.branch1.1");
        y = net.Relu(net.BatchNorm(net.Conv(y, $"{name}.branch1.2", width, 1, bias: false), $"{name}.branch1.3"), $"{name}.branch1.4");
        return net.Concat(name, y, Branch(net, x, $"{name}.branch2", width, 2));
    }

    private static int Passing(ZooBuilder net, int x, string name)
    {
        var half = net.ChannelsOf(x) / 2;
        var passed = net.Graph.Add($"{name}.passed", new ChannelSlice(0, half), x);
        var worked = net.Graph.Add($"{name}.worked", new ChannelSlice(half, half), x);
        return net.Concat(name, passed, Branch(net, worked, $"{name}.branch2", half, 1));
    }

    private static int Branch(ZooBuilder net, int x, string name, int width, int stride)
    {
        x = net.Relu(net.BatchNorm(net.Conv(x, $"{name}.0", width, 1, bias: false), $"{name}.1"), $"{name}.2");
        x = net.BatchNorm(net.Conv(x, $"{name}.3", net.ChannelsOf(x), 3, stride, 1, net.ChannelsOf(x), bias: false), $"{name}.4");
        return net.Relu(net.BatchNorm(net.Conv(x, $"{name}.5", width, 1, bias: false), $"{name}.6"), $"{name}.7");
    }
}
