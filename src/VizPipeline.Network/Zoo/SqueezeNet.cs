using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>SqueezeNet 1.0 and 1.1 (Iandola et al. 2016, arXiv 1602.07360).</summary>
internal static class SqueezeNet
{
    // Index in `features`, squeeze width, expand width (each of 1x1 and 3x3).
    private static readonly (int Index, int Squeeze, int Expand)[] Fires10 =
        [(3, 16, 64), (4, 16, 64), (5, 32, 128), (7, 32, 128), (8, 48, 192), (9, 48, 192), (10, 64, 256), (12, 64, 256)];

    private static readonly (int Index, int Squeeze, int Expand)[] Fires11 =
        [(3, 16, 64), (4, 16, 64), (6, 32, 128), (7, 32, 128), (9, 48, 192), (10, 48, 192), (11, 64, 256), (12, 64, 256)];

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var net = new ZooBuilder(input, weights);
        var is10 = name == "squeezenet1_0";
        var x = is10 ? net.Conv(GraphBuilder.Input, "features.0", 96, 7, 2) : net.Conv(GraphBuilder.Input, "features.0", 64, 3, 2);
        x = net.Relu(x, "features.1");
        int[] pools = is10 ? [2, 6, 11] : [2, 5, 8];
        var next = 2;
        foreach (var fire in is10 ? Fires10 : Fires11)
        {
            while (next < fire.Index)
            {
                if (pools.Contains(next))
                    x = net.MaxPool(x, $"features.{next}", 3, 2, ceil: true);
                next++;
            }
            x = Fire(net, x, $"features.{fire.Index}", fire.Squeeze, fire.Expand);
            next = fire.Index + 1;
        }
        x = net.Relu(net.Conv(x, "classifier.1", 1000, 1), "classifier.2");
        return net.Build(name, net.Flatten(net.AdaptiveAveragePool(x, "classifier.3", 1)));
    }

    private static int Fire(ZooBuilder net, int x, string name, int squeeze, int expand)
    {
        x = net.Relu(net.Conv(x, $"{name}.squeeze", squeeze, 1), $"{name}.squeeze_activation");
        var one = net.Relu(net.Conv(x, $"{name}.expand1x1", expand, 1), $"{name}.expand1x1_activation");
        var three = net.Relu(net.Conv(x, $"{name}.expand3x3", expand, 3, 1, 1), $"{name}.expand3x3_activation");
        return net.Concat(name, one, three);
    }
}
