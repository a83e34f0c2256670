using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// DenseNet-BC 121, 161, 169 and 201 (Huang et al. 2016, arXiv 1608.06993): each layer reads all layers before it in its block.
/// </summary>
internal static class DenseNet
{
    // New channels per layer, layers per block, channels of the first convolution.
    private static readonly Dictionary<string, (int Growth, int[] Blocks, int First)> Variants = new()
    {
        ["densenet121"] = (32, [6, 12, 24, 16], 64),
        ["densenet161"] = (48, [6, 12, 36, 24], 96),
        ["densenet169"] = (32, [6, 12, 32, 32], 64),
        ["densenet201"] = (32, [6, 12, 48, 32], 64),
    };

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var (growth, blocks, first) = Variants[name];
        var x = net.BatchNorm(net.Conv(GraphBuilder.Input, "features.conv0", first, 7, 2, 3, bias: false), "features.norm0");
        x = net.MaxPool(net.Relu(x, "features.relu0"), "features.pool0", 3, 2, 1);
        for (var block = 1; block <= blocks.Length; block++)
        {
            for (var layer = 1; layer <= blocks[block - 1]; layer++)
                x = Layer(net, x, $"features.denseblock{block}.denselayer{layer}", growth);
            if (block < blocks.Length)
                x = Transition(net, x, $"features.transition{block}");
        }
        x = net.Relu(net.BatchNorm(x, "features.norm5"), "relu");
        return net.BuildWithHead(name, x, "avgpool", "classifier");
    }

    private static int Layer(ZooBuilder net, int x, string name, int growth)
    {
        var y = net.Relu(net.BatchNorm(x, $"{name}.norm1"), $"{name}.relu1");
        y = net.BatchNorm(net.Conv(y, $"{name}.conv1", 4 * growth, 1, bias: false), $"{name}.norm2");
        y = net.Conv(net.Relu(y, $"{name}.relu2"), $"{name}.conv2", growth, 3, 1, 1, bias: false);
        return net.Concat(name, x, y);
    }

    private static int Transition(ZooBuilder net, int x, string name)
    {
        var y = net.Relu(net.BatchNorm(x, $"{name}.norm"), $"{name}.relu");
        return net.AveragePool(net.Conv(y, $"{name}.conv", net.ChannelsOf(x) / 2, 1, bias: false), $"{name}.pool", 2, 2);
    }
}
