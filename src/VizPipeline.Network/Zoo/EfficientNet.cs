using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>EfficientNet B0 to B7 (Tan and Le 2019, arXiv 1905.11946) and EfficientNetV2 S, M and L (2021, arXiv 2104.00298).</summary>
internal static class EfficientNet
{
    /// <summary>
    /// A stage of blocks: expansion by one fused convolution (version 2's fused blocks) or by a pointwise and a depthwise one.
    /// </summary>
    private readonly record struct Stage(bool Fused, int Expansion, int Kernel, int Stride, int Channels, int Blocks);

    private static readonly Stage[] First =
    [
        new(false, 1, 3, 1, 16, 1), new(false, 6, 3, 2, 24, 2), new(false, 6, 5, 2, 40, 2), new(false, 6, 3, 2, 80, 3),
        new(false, 6, 5, 1, 112, 3), new(false, 6, 5, 2, 192, 4), new(false, 6, 3, 1, 320, 1),
    ];

    // Widths and depths of B0 to B7 as multiples of B0's, and the normalisation's epsilon.
    private static readonly (string Name, double Width, double Depth, double Epsilon)[] Scaled =
    [
        ("efficientnet_b0", 1.0, 1.0, 1e-5), ("efficientnet_b1", 1.0, 1.1, 1e-5), ("efficientnet_b2", 1.1, 1.2, 1e-5),
            ("efficientnet_b3", 1.2, 1.4, 1e-5),
        ("efficientnet_b4", 1.4, 1.8, 1e-5), ("efficientnet_b5", 1.6, 2.2, 1e-3), ("efficientnet_b6", 1.8, 2.6, 1e-3),
            ("efficientnet_b7", 2.0, 3.1, 1e-3),
    ];

    private static readonly (string Name, int First, Stage[] Stages)[] Second =
    [
        ("efficientnet_v2_s", 24,
        [
            new(true, 1, 3, 1, 24, 2), new(true, 4, 3, 2, 48, 4), new(true, 4, 3, 2, 64, 4),
            new(false, 4, 3, 2, 128, 6), new(false, 6, 3, 1, 160, 9), new(false, 6, 3, 2, 256, 15),
        ]),
        ("efficientnet_v2_m", 24,
        [
            new(true, 1, 3, 1, 24, 3), new(true, 4, 3, 2, 48, 5), new(true, 4, 3, 2, 80, 5), new(false, 4, 3, 2, 160, 7),
            new(false, 6, 3, 1, 176, 14), new(false, 6, 3, 2, 304, 18), new(false, 6, 3, 1, 512, 5),
        ]),
        ("efficientnet_v2_l", 32,
        [
            new(true, 1, 3, 1, 32, 4), new(true, 4, 3, 2, 64, 7), new(true, 4, 3, 2, 96, 7), new(false, 4, 3, 2, 192, 10),
            new(false, 6, 3, 1, 224, 19), new(false, 6, 3, 2, 384, 25), new(false, 6, 3, 1, 640, 7),
        ]),
    ];

    public static IEnumerable<string> Names => [.. Scaled.Select(variant => variant.Name), .. Second.Select(variant => variant.Name)];

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        if (Array.Find(Scaled, variant => variant.Name == name) is { Name: not null } scaled)
        {
            var stages = First.Select(
                stage => stage with
                {
                    Channels = ZooBuilder.Divisible(
                stage.Channels * scaled.Width),
                    Blocks = (int)Math.Ceiling(stage.Blocks * scaled.Depth)
                }).ToArray();
            return Build(
                name, new ZooBuilder(
                input, weights), ZooBuilder.Divisible(32 * scaled.Width), stages, 4 * stages[^1].Channels, scaled.Epsilon);
        }
        var second = Array.Find(Second, variant => variant.Name == name);
        return Build(name, new ZooBuilder(input, weights), second.First, second.Stages, 1280, 1e-3);
    }

    private static NetworkGraph Build(string name, ZooBuilder net, int first, Stage[] stages, int last, double epsilon)
    {
        var x = net.ConvNorm(GraphBuilder.Input, "features.0", first, 3, 2, activation: new Silu(), epsilon: epsilon);
        for (var index = 0; index < stages.Length; index++)
        {
            for (var i = 0; i < stages[index].Blocks; i++)
            {
                var (block, stage) = ($"features.{index + 1}.{i}", i == 0 ? stages[index] : stages[index] with { Stride = 1 });
                var y = stage.Fused ? Fused(net, x, $"{block}.block", stage, epsilon) : Inverted(net, x, $"{block}.block", stage, epsilon);
                x = stage.Stride == 1 && net.ChannelsOf(x) == net.ChannelsOf(y) ? net.Add(block, y, x) : y;
            }
        }
        x = net.ConvNorm(x, $"features.{stages.Length + 1}", last, 1, activation: new Silu(), epsilon: epsilon);
        return net.BuildWithHead(name, x, "avgpool", "classifier.1");
    }

    private static int Inverted(ZooBuilder net, int x, string name, Stage stage, double epsilon)
    {
        var (inputs, index) = (net.ChannelsOf(x), 0);
        if (stage.Expansion > 1)
            x = net.ConvNorm(
                x, $"{name}.{index++}", ZooBuilder.Divisible(inputs * stage.Expansion), 1, activation: new Silu(), epsilon: epsilon);
        x = net.ConvNorm(x, $"{name}.{index++}", net.ChannelsOf(x), stage.Kernel, stage.Stride, net.ChannelsOf(x), new Silu(), epsilon);
        x = net.Excite(x, $"{name}.{index++}", Math.Max(1, inputs / 4), new Silu(), new Sigmoid());
        return net.ConvNorm(x, $"{name}.{index}", stage.Channels, 1, epsilon: epsilon);
    }

    private static int Fused(ZooBuilder net, int x, string name, Stage stage, double epsilon)
    {
        if (stage.Expansion == 1)
            return net.ConvNorm(x, $"{name}.0", stage.Channels, stage.Kernel, stage.Stride, activation: new Silu(), epsilon: epsilon);
        x = net.ConvNorm(
            x, $"{name}.0", ZooBuilder.Divisible(net.ChannelsOf(x) * stage.Expansion), stage.Kernel, stage.Stride, activation: new Silu(),
            epsilon: epsilon);
        return net.ConvNorm(x, $"{name}.1", stage.Channels, 1, epsilon: epsilon);
    }
}
