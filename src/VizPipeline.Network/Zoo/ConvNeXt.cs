using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// ConvNeXt tiny, small, base and large (Liu et al. 2022, arXiv 2201.03545): depthwise 7x7, normalisation per position, two pointwise
/// layers.
/// </summary>
internal static class ConvNeXt
{
    private const double Epsilon = 1e-6;

    // Channels of the first stage (doubled from stage to stage), and blocks per stage.
    private static readonly Dictionary<string, (int Width, int[] Blocks)> Variants = new()
    {
        ["convnext_tiny"] = (96, [3, 3, 9, 3]),
        ["convnext_small"] = (96, [3, 3, 27, 3]),
        ["convnext_base"] = (128, [3, 3, 27, 3]),
        ["convnext_large"] = (192, [3, 3, 27, 3]),
    };

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var (width, blocks) = Variants[name];
        var x = net.LayerNorm(net.Conv(GraphBuilder.Input, "features.0.0", width, 4, 4), "features.0.1", Epsilon);
        for (var stage = 0; stage < blocks.Length; stage++)
        {
            if (stage > 0)
                x = net.Conv(net.LayerNorm(x, $"features.{2 * stage}.0", Epsilon), $"features.{2 * stage}.1", width << stage, 2, 2);
            for (var i = 0; i < blocks[stage]; i++)
                x = Block(net, x, $"features.{(2 * stage) + 1}.{i}");
        }
        return net.BuildWithHead(
            name, x, ("avgpool", 1), ["classifier.0", "classifier.2"],
            y => net.Linear(net.Flatten(net.LayerNorm(y, "classifier.0", Epsilon)), "classifier.2", 1000));
    }

    private static int Block(ZooBuilder net, int x, string name)
    {
        var channels = net.ChannelsOf(x);
        var y = net.LayerNorm(net.Conv(x, $"{name}.block.0", channels, 7, 1, 3, channels), $"{name}.block.2", Epsilon);
        y = net.Graph.Add($"{name}.block.4", new Gelu(), net.PointwiseLinear(y, $"{name}.block.3", 4 * channels));
        return net.Add(name, net.LayerScale(net.PointwiseLinear(y, $"{name}.block.5", channels), $"{name}.layer_scale"), x);
    }
}
