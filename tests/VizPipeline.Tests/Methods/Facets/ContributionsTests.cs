using TorchSharp;
using VizPipeline.Methods.Facets;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;
using VizPipeline.Tests.Network;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Tests.Methods.Facets;

/// <summary>
/// A channel's contribution is what the operator gives, without its bias, when the weights of all other channels are zero.
/// </summary>
public class ContributionsTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    [Theory, MemberData(nameof(Seeds))]
    public void Contributions_are_those_of_single_channels_in_random_networks(int seed)
    {
        var graph = RandomNetworks.Make(seed);
        foreach (var layer in graph.Layers.Where(layer => Contributions.Exist(graph, layer)))
            Check(graph, layer, images: 3, seed);
    }

    [Theory]
    [InlineData("features.0")]
    [InlineData("features.10.squeeze")]
    [InlineData("features.12.expand3x3")]
    public void So_they_are_in_a_real_network(string layer)
    {
        var graph = NetworkLoader.Load(TestData.Path("squeezenet1_1", "squeezenet1_1.safetensors"));
        Check(graph, graph.Layer(layer), images: 2, seed: 1);
    }

    [Fact]
    public void A_depthwise_neuron_has_one_contribution()
    {
        TorchRuntime.Start();
        var (builder, random) = (new GraphBuilder(new Shape(4, 9, 8)), new Random(1));
        var node = builder.Add(
            "depthwise", new Convolution(RandomNetworks.Weight(random, "w", 8, 1, 3, 3), null, Window.Square(3, 2, 2, 2), 4),
            GraphBuilder.Input);
        var graph = builder.Build("depthwise", builder.Add("relu", new Relu(), node));
        Check(graph, graph.Layers[0], images: 2, seed: 2);
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 1, 3);
        Assert.Single(new Contributions(runner, graph.Layers[0], byRegion: true).Compute(images, new Sites([0], [1], [1]), [5])[0]);
    }

    [Fact]
    public void The_units_of_a_flattened_channel_are_one_channel()
    {
        TorchRuntime.Start();
        var (builder, random) = (new GraphBuilder(new Shape(2, 5, 4)), new Random(1));
        var map = builder.Add("relu", new Relu(), GraphBuilder.Input);
        var vector = builder.Add("act", new Relu(), builder.Add("flat", new Flatten(), map));
        var (weight, bias) = (RandomNetworks.Weight(random, "w", 3, 40), RandomNetworks.Weight(random, "b", 3));
        var linear = builder.Add("fc", new Linear(weight, bias), vector);
        var graph = builder.Build("flattened", linear);
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 2, 3);

        var found = new Contributions(runner, graph.Layers[^1], byRegion: true).Compute(images, new Sites([1, 0], [0, 0], [0, 0]), [2, 0]);

        var values = images.ToArray().Select(value => Math.Max(0, value)).ToArray();
        foreach (var (sample, image, neuron) in ((int, int, int)[])[(0, 1, 2), (1, 0, 0)])
        {
            Assert.Equal(2, found[sample].Length);
            for (var c = 0; c < 2; c++)
            {
                var expected = Enumerable.Range(c * 20, 20).Sum(i => (double)weight.Values[(neuron * 40) + i] * values[(image * 40) + i]);
                Assert.Equal(expected, found[sample][c], 1e-5);
            }
        }
    }

    [Fact]
    public void A_layer_without_weights_of_its_own_has_none()
    {
        var builder = new GraphBuilder(new Shape(4, 9, 8));
        var random = new Random(1);
        var one = builder.Add(
            "one", new Convolution(RandomNetworks.Weight(random, "w", 4, 4, 1, 1), null, Window.Square(1)), GraphBuilder.Input);
        var graph = builder.Build("residual", builder.Add("sum", new Add(), one, GraphBuilder.Input));
        var layer = graph.Layers[^1];
        using var runner = new NetworkRunner(graph);

        Assert.False(Contributions.Exist(graph, layer));
        Assert.Contains(
            layer.Name, Assert.Throws<ArgumentException>(() => new Contributions(runner, layer, byRegion: false)).Message,
            StringComparison.Ordinal);
    }

    private static void Check(NetworkGraph graph, Layer layer, int images, int seed)
    {
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        using var runner = new NetworkRunner(graph);
        using var batch = RandomNetworks.Images(graph, images, seed);
        var random = new Random(seed);
        var sites = RandomNetworks.AllCornersAndSome(graph, layer.Node, images, random);
        int[] neurons = [.. Enumerable.Range(0, sites.Count).Select(_ => random.Next(layer.Neurons))];
        var weighted = layer.WeightedNode!.Value;
        var convolution = Assert.IsType<Convolution>(runner.OperatorOf(weighted));
        var values = runner.Forward(batch, weighted);
        var scale = values.abs().max().item<float>();
        var expected = ExpectedOf(runner, convolution, graph.Nodes[weighted].Inputs[0], batch, sites, neurons);
        foreach (var byRegion in (bool[])[false, true])
        {
            var found = new Contributions(runner, layer, byRegion).Compute(batch, sites, neurons);
            for (var i = 0; i < sites.Count; i++)
            {
                Assert.Equal(convolution.Weight.Shape[1], found[i].Length);
                for (var c = 0; c < found[i].Length; c++)
                    Assert.True(Math.Abs(expected[i][c] - found[i][c]) <= 2e-5 * scale, $"{layer.Name}, region {byRegion}: {found[i][c]}");
                var value = values[sites.Image[i], neurons[i], sites.Y[i], sites.X[i]].item<float>();
                var sum = found[i].Sum(one => (double)one) + (convolution.Bias?.Values[neurons[i]] ?? 0);
                Assert.True(Math.Abs(value - sum) <= 2e-5 * scale, $"{layer.Name}, region {byRegion}: {sum}, not {value}");
            }
        }
    }

    private static float[][] ExpectedOf(
        NetworkRunner runner, Convolution convolution, int input, torch.Tensor batch, Sites sites, int[] neurons)
    {
        using var scope = torch.NewDisposeScope();
        var (window, maps) = (convolution.Window, runner.Forward(batch, input));
        var padded = F.pad(maps, [window.X.PadBefore, window.X.PadAfter, window.Y.PadBefore, window.Y.PadAfter]);
        var shape = convolution.Weight.Shape;
        var weight = torch.tensor(convolution.Weight.Values, [.. shape.Select(extent => (long)extent)]);
        var each = new float[sites.Count][];
        for (var i = 0; i < each.Length; i++)
            each[i] = new float[shape[1]];
        for (var c = 0; c < shape[1]; c++)
        {
            var alone = torch.zeros_like(weight);
            alone.narrow(1, c, 1).copy_(weight.narrow(1, c, 1));
            var output = F.conv2d(padded, alone, null, window.Stride, [0, 0], window.Dilation, convolution.Groups);
            for (var i = 0; i < each.Length; i++)
                each[i][c] = output[sites.Image[i], neurons[i], sites.Y[i], sites.X[i]].item<float>();
        }
        return each;
    }
}
