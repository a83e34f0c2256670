using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Execution;

/// <summary>
/// The law of regions: computing around a position gives what computing everywhere gives, forward and back, borders included.
/// </summary>
public class RegionTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory, MemberData(nameof(Seeds))]
    public void Region_execution_equals_full_execution(int seed) => Check(RandomNetworks.Make(seed), seed);

    [Theory, MemberData(nameof(Seeds))]
    public void So_it_does_for_newer_operators(int seed) => Check(ModernNetworks.Make(seed), seed);

    private static void Check(NetworkGraph graph, int seed)
    {
        var random = new Random(seed);
        var target = graph.Layers[random.Next(graph.Layers.Count)].Node;
        if (graph.Nodes[target].Shape.IsVector)
            target = graph.Layers[0].Node;
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 3, seed);
        var sites = RandomNetworks.AllCornersAndSome(graph, target, 3, random);
        foreach (var rule in Enum.GetValues<ReverseRule>())
        {
            var (wholeOut, wholeBack) = Whole(runner, images, target, sites, rule);
            // Every cut between "all regions" and "all whole maps" must give the same.
            foreach (var wholeFrom in (double[])[double.PositiveInfinity, 0.7, 0.2])
            {
                var (regionOut, regionBack) = Regions(runner, images, target, sites, rule, wholeFrom);
                Close(wholeOut, regionOut, $"forward, {rule}, whole from {wholeFrom}");
                Close(wholeBack, regionBack, $"reverse, {rule}, whole from {wholeFrom}");
            }
        }
    }

    private static (float[] Output, float[] Back) Whole(
        NetworkRunner runner, torch.Tensor images, int target, Sites sites, ReverseRule rule)
    {
        var graph = runner.Graph;
        var (output, back) = (new List<float>(), new List<float>());
        for (var i = 0; i < sites.Count; i++)
        {
            using var geometry = new PassGeometry(runner, RegionPlan.Whole(graph, target));
            using var pass = new Pass(geometry, rule);
            using var mode = torch.inference_mode();
            var map = pass.Forward(images[sites.Image[i]].unsqueeze(0));
            var value = map.narrow(2, sites.Y[i], 1).narrow(3, sites.X[i], 1).clone();
            output.AddRange(value.ToArray());
            var seed = torch.zeros_like(map);
            seed.narrow(2, sites.Y[i], 1).narrow(3, sites.X[i], 1).copy_(value);
            back.AddRange(pass.Reverse(seed).ToArray());
        }
        return ([.. output], [.. back]);
    }

    private static (float[] Output, float[] Back) Regions(
        NetworkRunner runner, torch.Tensor images, int target, Sites sites, ReverseRule rule, double wholeFrom)
    {
        var graph = runner.Graph;
        var plan = RegionPlan.ForPosition(graph, target, wholeFrom);
        using var geometry = new PassGeometry(runner, plan, sites);
        using var pass = new Pass(geometry, rule);
        using var mode = torch.inference_mode();
        var result = pass.Forward(images);
        torch.Tensor value, seed;
        if (plan.IsWhole)
        {
            value = torch.stack([.. Enumerable.Range(0, sites.Count).Select(
                i => result[sites.Image[i]].narrow(1, sites.Y[i], 1).narrow(2, sites.X[i], 1))]);
            seed = torch.zeros([sites.Count, .. result.shape[1..]]);
            for (var i = 0; i < sites.Count; i++)
                seed[i].narrow(1, sites.Y[i], 1).narrow(2, sites.X[i], 1).copy_(value[i]);
        }
        else
        {
            (value, seed) = (result.clone(), result.clone());
        }
        var signal = pass.Reverse(seed);
        return (value.ToArray(), Paste(graph, plan, sites, signal));
    }

    private static float[] Paste(NetworkGraph graph, RegionPlan plan, Sites sites, torch.Tensor signal)
    {
        if (plan[0] is not { } extent)
            return signal.ToArray();
        var input = graph.InputShape;
        var whole = new float[sites.Count * input.Count];
        var values = signal.ToArray();
        for (var n = 0; n < sites.Count; n++)
        {
            var (top, left) = (extent.Y.Start + (sites.Y[n] * extent.Y.Stride), extent.X.Start + (sites.X[n] * extent.X.Stride));
            for (var c = 0; c < input.Channels; c++)
            {
                for (var y = 0; y < extent.Y.Size; y++)
                {
                    for (var x = 0; x < extent.X.Size; x++)
                    {
                        var value = values[(((((n * input.Channels) + c) * extent.Y.Size) + y) * extent.X.Size) + x];
                        var (row, column) = (top + y, left + x);
                        if (row >= 0 && row < input.Height && column >= 0 && column < input.Width)
                            whole[(((((n * input.Channels) + c) * input.Height) + row) * input.Width) + column] = value;
                        else
                            Assert.Equal(0, value);
                    }
                }
            }
        }
        return whole;
    }

    private static void Close(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs) + 1e-6f;
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * scale, $"{what}: {expected[i]} and {actual[i]} at {i} (scale {scale})");
    }
}
