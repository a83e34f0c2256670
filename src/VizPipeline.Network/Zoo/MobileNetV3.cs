using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>MobileNetV3 small and large (Howard et al. 2019, arXiv 1905.02244).</summary>
internal static class MobileNetV3
{
    private const double Epsilon = 1e-3;

    // Kernel, expanded channels, channels, squeeze-excitation, hard swish instead of ReLU, stride.
    private static readonly (int Kernel, int Expanded, int Channels, bool Excites, bool Swish, int Stride)[] Small =
    [
        (3, 16, 16, true, false, 2), (3, 72, 24, false, false, 2), (3, 88, 24, false, false, 1), (5, 96, 40, true, true, 2),
        (5, 240, 40, true, true, 1), (5, 240, 40, true, true, 1), (5, 120, 48, true, true, 1), (5, 144, 48, true, true, 1),
        (5, 288, 96, true, true, 2), (5, 576, 96, true, true, 1), (5, 576, 96, true, true, 1),
    ];

    private static readonly (int Kernel, int Expanded, int Channels, bool Excites, bool Swish, int Stride)[] Large =
    [
        (3, 16, 16, false, false, 1), (3, 64, 24, false, false, 2), (3, 72, 24, false, false, 1), (5, 72, 40, true, false, 2),
        (5, 120, 40, true, false, 1), (5, 120, 40, true, false, 1), (3, 240, 80, false, true, 2), (3, 200, 80, false, true, 1),
        (3, 184, 80, false, true, 1), (3, 184, 80, false, true, 1), (3, 480, 112, true, true, 1), (3, 672, 112, true, true, 1),
        (5, 672, 160, true, true, 2), (5, 960, 160, true, true, 1), (5, 960, 160, true, true, 1),
    ];

    public static IEnumerable<string> Names { get; } = ["mobilenet_v3_small", "mobilenet_v3_large"];

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, index, isSmall) = (new ZooBuilder(input, weights), 1, name == "mobilenet_v3_small");
        var x = net.ConvNorm(GraphBuilder.Input, "features.0", 16, 3, 2, activation: new HardSwish(), epsilon: Epsilon);
        foreach (var (kernel, expanded, channels, excites, swish, stride) in isSmall ? Small : Large)
        {
            var block = $"features.{index++}";
            var y = Block(net, x, $"{block}.block", kernel, expanded, channels, excites, swish ? new HardSwish() : new Relu(), stride);
            x = stride == 1 && net.ChannelsOf(x) == net.ChannelsOf(y) ? net.Add(block, y, x) : y;
        }
        x = net.ConvNorm(x, $"features.{index}", 6 * net.ChannelsOf(x), 1, activation: new HardSwish(), epsilon: Epsilon);
        return net.BuildWithHead(name, x, ("avgpool", 1), ["classifier.0", "classifier.3"], y =>
        {
            y = net.Graph.Add("classifier.1", new HardSwish(), net.Linear(net.Flatten(y), "classifier.0", isSmall ? 1024 : 1280));
            return net.Linear(y, "classifier.3", 1000);
        });
    }

    private static int Block(
        ZooBuilder net, int x, string name, int kernel, int expanded, int channels, bool excites, Operator activation, int stride)
    {
        var index = 0;
        if (expanded != net.ChannelsOf(x))
            x = net.ConvNorm(x, $"{name}.{index++}", expanded, 1, activation: activation, epsilon: Epsilon);
        x = net.ConvNorm(x, $"{name}.{index++}", net.ChannelsOf(x), kernel, stride, net.ChannelsOf(x), activation, Epsilon);
        if (excites)
            x = net.Excite(x, $"{name}.{index++}", ZooBuilder.Divisible(net.ChannelsOf(x) / 4), new Relu(), new HardSigmoid(1.0 / 6, 0.5));
        return net.ConvNorm(x, $"{name}.{index}", channels, 1, epsilon: Epsilon);
    }
}
