using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// ResNet (He et al. 2015, arXiv 1512.03385), ResNeXt (Xie et al. 2016, arXiv 1611.05431) and wide ResNet (Zagoruyko and Komodakis 2016,
/// arXiv 1605.07146). As in torchvision, the 3x3 convolution of a bottleneck has the stride.
/// </summary>
internal static class ResNet
{
    // Blocks per stage, groups of the 3x3, channels per group in the first stage; without groups, blocks of two 3x3.
    private static readonly Dictionary<string, (int[] Blocks, int Groups, int GroupWidth)> Variants = new()
    {
        ["resnet18"] = ([2, 2, 2, 2], 0, 0),
        ["resnet34"] = ([3, 4, 6, 3], 0, 0),
        ["resnet50"] = ([3, 4, 6, 3], 1, 64),
        ["resnet101"] = ([3, 4, 23, 3], 1, 64),
        ["resnet152"] = ([3, 8, 36, 3], 1, 64),
        ["resnext50_32x4d"] = ([3, 4, 6, 3], 32, 4),
        ["resnext101_32x8d"] = ([3, 4, 23, 3], 32, 8),
        ["resnext101_64x4d"] = ([3, 4, 23, 3], 64, 4),
        ["wide_resnet50_2"] = ([3, 4, 6, 3], 1, 128),
        ["wide_resnet101_2"] = ([3, 4, 23, 3], 1, 128),
    };

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var x = net.BatchNorm(net.Conv(GraphBuilder.Input, "conv1", 64, 7, 2, 3, bias: false), "bn1");
        x = net.MaxPool(net.Relu(x, "relu"), "maxpool", 3, 2, 1);
        var (blocks, groups, groupWidth) = Variants[name];
        for (var stage = 0; stage < 4; stage++)
        {
            for (var i = 0; i < blocks[stage]; i++)
            {
                var (block, stride) = ($"layer{stage + 1}.{i}", i == 0 && stage > 0 ? 2 : 1);
                var reshapes = i == 0 && (stage > 0 || groups > 0);
                x = groups > 0
                    ? Bottleneck(net, x, block, (groups * groupWidth) << stage, 256 << stage, stride, groups, reshapes)
                    : Basic(net, x, block, 64 << stage, stride, reshapes);
            }
        }
        return net.BuildWithHead(name, x, "avgpool", "fc");
    }

    private static int Basic(ZooBuilder net, int x, string name, int width, int stride, bool reshapes)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv1", width, 3, stride, 1, bias: false), $"{name}.bn1"), $"{name}.relu1");
        y = net.BatchNorm(net.Conv(y, $"{name}.conv2", width, 3, 1, 1, bias: false), $"{name}.bn2");
        return Join(net, x, y, name, width, stride, reshapes);
    }

    private static int Bottleneck(ZooBuilder net, int x, string name, int width, int outputs, int stride, int groups, bool reshapes)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv1", width, 1, bias: false), $"{name}.bn1"), $"{name}.relu1");
        y = net.Relu(net.BatchNorm(net.Conv(y, $"{name}.conv2", width, 3, stride, 1, groups, bias: false), $"{name}.bn2"), $"{name}.relu2");
        y = net.BatchNorm(net.Conv(y, $"{name}.conv3", outputs, 1, bias: false), $"{name}.bn3");
        return Join(net, x, y, name, outputs, stride, reshapes);
    }

    private static int Join(ZooBuilder net, int x, int y, string name, int width, int stride, bool reshapes)
    {
        if (reshapes)
            x = net.BatchNorm(net.Conv(x, $"{name}.downsample.0", width, 1, stride, bias: false), $"{name}.downsample.1");
        return net.Relu(net.Add(name, y, x), $"{name}.relu");
    }
}
