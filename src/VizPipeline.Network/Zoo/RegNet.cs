using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Zoo;

/// <summary>
/// RegNet X and Y (Radosavovic et al. 2020, arXiv 2003.13678): widths that grow linearly, rounded to a few stages; Y adds
/// squeeze-excitation.
/// </summary>
internal static class RegNet
{
    /// <summary>Number of blocks, width of the first, increase per block, factor between stages, and channels per group.</summary>
    private readonly record struct Line(int Depth, int First, float Slope, double Factor, int GroupWidth);

    private static readonly Dictionary<string, Line> Variants = new()
    {
        ["regnet_x_400mf"] = new(22, 24, 24.48f, 2.54, 16),
        ["regnet_x_800mf"] = new(16, 56, 35.73f, 2.28, 16),
        ["regnet_x_1_6gf"] = new(18, 80, 34.01f, 2.25, 24),
        ["regnet_x_3_2gf"] = new(25, 88, 26.31f, 2.25, 48),
        ["regnet_x_8gf"] = new(23, 80, 49.56f, 2.88, 120),
        ["regnet_x_16gf"] = new(22, 216, 55.59f, 2.1, 128),
        ["regnet_x_32gf"] = new(23, 320, 69.86f, 2.0, 168),
        ["regnet_y_400mf"] = new(16, 48, 27.89f, 2.09, 8),
        ["regnet_y_800mf"] = new(14, 56, 38.84f, 2.4, 16),
        ["regnet_y_1_6gf"] = new(27, 48, 20.71f, 2.65, 24),
        ["regnet_y_3_2gf"] = new(21, 80, 42.63f, 2.66, 24),
        ["regnet_y_8gf"] = new(17, 192, 76.82f, 2.19, 56),
        ["regnet_y_16gf"] = new(18, 200, 106.23f, 2.48, 112),
        ["regnet_y_32gf"] = new(20, 232, 115.89f, 2.53, 232),
    };

    public static IEnumerable<string> Names => Variants.Keys;

    public static NetworkGraph Build(string name, Shape input, IReadOnlyDictionary<string, FloatTensor>? weights)
    {
        var (net, line, stage) = (new ZooBuilder(input, weights), Variants[name], 0);
        var excites = name.StartsWith("regnet_y", StringComparison.Ordinal);
        var x = net.ConvNorm(GraphBuilder.Input, "stem", 32, 3, 2, activation: new Relu());
        foreach (var (width, depth) in Stages(line))
        {
            stage++;
            for (var i = 0; i < depth; i++)
                x = Block(net, x, $"trunk_output.block{stage}.block{stage}-{i}", width, Math.Min(line.GroupWidth, width), excites,
                    isFirst: i == 0);
        }
        return net.BuildWithHead(name, x, "avgpool", "fc");
    }

    private static int Block(ZooBuilder net, int x, string name, int width, int groupWidth, bool excites, bool isFirst)
    {
        var stride = isFirst ? 2 : 1;
        var shortcut = isFirst ? net.ConvNorm(x, $"{name}.proj", width, 1, stride) : x;
        var y = net.ConvNorm(x, $"{name}.f.a", width, 1, activation: new Relu());
        y = net.ConvNorm(y, $"{name}.f.b", net.ChannelsOf(y), 3, stride, Math.Max(1, net.ChannelsOf(y) / groupWidth), new Relu());
        if (excites)
            y = net.Excite(
                y, $"{name}.f.se", (int)Math.Round(0.25 * net.ChannelsOf(x), MidpointRounding.ToEven), new Relu(), new Sigmoid());
        y = net.ConvNorm(y, $"{name}.f.c", width, 1);
        return net.Relu(net.Add(name, shortcut, y), $"{name}.activation");
    }

    // Widths on the line, rounded to the nearest power of the factor, then to multiples of 8, then to whole groups.
    private static IEnumerable<(int Width, int Depth)> Stages(Line line) =>
        Enumerable.Range(0, line.Depth)
            .Select(block =>
                Math.Round(Math.Log(((block * line.Slope) + line.First) / line.First) / Math.Log(line.Factor), MidpointRounding.ToEven))
            .Select(power => (int)Math.Round(line.First * Math.Pow(line.Factor, power) / 8, MidpointRounding.ToEven) * 8)
            .CountBy(width => width)
            .Select(stage => (ZooBuilder.Divisible(stage.Key, Math.Min(line.GroupWidth, stage.Key)), stage.Value));
}
