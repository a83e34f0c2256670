using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>ResNet 18, 34, 50 and 101 (He et al. 2015, arXiv 1512.03385); bottlenecks carry the stride in their 3x3, as torchvision's do.</summary>
internal static class ResNet
{
    public static IEnumerable<string> Names { get; } = ["resnet18", "resnet34", "resnet50", "resnet101"];

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var x = net.BatchNorm(net.Conv(GraphBuilder.Input, "conv1", 64, 7, 2, 3, bias: false), "bn1");
        x = net.MaxPool(net.Relu(x, "relu"), "maxpool", 3, 2, 1);
        int[] blocks = name switch { "resnet18" => [2, 2, 2, 2], "resnet101" => [3, 4, 23, 3], _ => [3, 4, 6, 3] };
        var isBottleneck = name is "resnet50" or "resnet101";
        for (var stage = 0; stage < 4; stage++)
        {
            for (var i = 0; i < blocks[stage]; i++)
            {
                var (block, width, stride) = ($"layer{stage + 1}.{i}", 64 << stage, i == 0 && stage > 0 ? 2 : 1);
                var reshapes = i == 0 && (stage > 0 || isBottleneck);
                x = isBottleneck ? Bottleneck(net, x, block, width, stride, reshapes) : Basic(net, x, block, width, stride, reshapes);
            }
        }
        x = net.Flatten(net.AdaptiveAveragePool(x, "avgpool", 1));
        return net.Build(name, net.Linear(x, "fc", 1000));
    }

    private static int Basic(ZooBuilder net, int x, string name, int width, int stride, bool reshapes)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv1", width, 3, stride, 1, bias: false), $"{name}.bn1"), $"{name}.relu1");
        y = net.BatchNorm(net.Conv(y, $"{name}.conv2", width, 3, 1, 1, bias: false), $"{name}.bn2");
        return Join(net, x, y, name, width, stride, reshapes);
    }

    private static int Bottleneck(ZooBuilder net, int x, string name, int width, int stride, bool reshapes)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, $"{name}.conv1", width, 1, bias: false), $"{name}.bn1"), $"{name}.relu1");
        y = net.Relu(net.BatchNorm(net.Conv(y, $"{name}.conv2", width, 3, stride, 1, bias: false), $"{name}.bn2"), $"{name}.relu2");
        y = net.BatchNorm(net.Conv(y, $"{name}.conv3", width * 4, 1, bias: false), $"{name}.bn3");
        return Join(net, x, y, name, width * 4, stride, reshapes);
    }

    private static int Join(ZooBuilder net, int x, int y, string name, int width, int stride, bool reshapes)
    {
        if (reshapes)
            x = net.BatchNorm(net.Conv(x, $"{name}.downsample.0", width, 1, stride, bias: false), $"{name}.downsample.1");
        return net.Relu(net.Add(name, y, x), $"{name}.relu");
    }
}
