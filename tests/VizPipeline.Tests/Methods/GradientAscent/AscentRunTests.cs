using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.GradientAscent;

public class AscentRunTests
{
    private static readonly PixelScale Unit = new([1 / 255f, 1 / 255f, 1 / 255f], [0, 0, 0], [120, 115, 105]);

    [Theory]
    [InlineData("3", false), InlineData("3", true), InlineData("fourier", false), InlineData("fourier", true), InlineData(
        "maco", true), InlineData("facets", true)]
    public void A_neuron_gets_the_same_picture_alone_and_in_a_batch(string preset, bool channel)
    {
        var graph = RandomNetworks.Make(7, 31);
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layers[^2];
        var recipe = AscentPresets.WithSteps(AscentPresets.Find(preset)!, 12) with
        {
            Objective = channel ? new ChannelObjective() : new NeuronObjective(),
        };
        // Short steps: long ones lead the rounding of other kernels for other batch sizes to other hills.
        var run = new AscentRun(runner, layer, recipe.Rule is RateRule ? recipe with { Rule = new NormalisedRate(1) } : recipe, Unit);
        var batch = run.Ascend([.. Enumerable.Range(0, layer.Neurons)], seed: 2, TestContext.Current.CancellationToken);
        for (var neuron = 0; neuron < layer.Neurons; neuron++)
        {
            var alone = run.Ascend([neuron], seed: 2, TestContext.Current.CancellationToken);
            for (var facet = 0; facet < recipe.Facets; facet++)
            {
                var together = batch[(neuron * recipe.Facets) + facet];
                Assert.Equal((alone[facet].Status, neuron, facet), (together.Status, together.Neuron, together.Facet));
                var differences = alone[facet].Image.Zip(together.Image).Select(pair => Math.Abs(pair.First - pair.Second)).ToArray();
                // Adam makes steps of one size of any gradient, so of rounding errors, too, where there is no other.
                Assert.True(
                    recipe.Rule is RateRule ? differences.Max() < 0.05 : differences.Average() < 0.5,
                    $"neuron {neuron}: mean {differences.Average()}, max {differences.Max()}");
            }
        }
    }

    [Fact]
    public void Another_seed_starts_elsewhere_and_the_same_seed_repeats_bit_for_bit()
    {
        var graph = RandomNetworks.Make(7, 31);
        using var runner = new NetworkRunner(graph);
        var run = new AscentRun(runner, graph.Layers[0], AscentPresets.Normalised(3, 5), Unit);
        Assert.Equal(run.Ascend([0], 1, TestContext.Current.CancellationToken)[0].Image, run.Ascend(
            [0], 1, TestContext.Current.CancellationToken)[0].Image);
        Assert.NotEqual(run.Ascend([0], 1, TestContext.Current.CancellationToken)[0].Image, run.Ascend(
            [0], 2, TestContext.Current.CancellationToken)[0].Image);
    }

    [Fact]
    public void A_neuron_without_a_gradient_is_dead_and_does_not_disturb_its_neighbour()
    {
        var weight = new float[2 * 3 * 5 * 5];
        for (var i = 75; i < 150; i++)
            weight[i] = i % 7 / 10f;
        var builder = new GraphBuilder(new Shape(3, 9, 9));
        var x = builder.Add("conv", new Convolution(new FloatTensor("conv.weight", [2, 3, 5, 5], weight), null, Window.Square(5)), 0);
        var graph = builder.Build("half dead", builder.Add("relu", new Relu(), x));
        using var runner = new NetworkRunner(graph);
        var results = new AscentRun(runner, graph.Layers[0], AscentPresets.Normalised(3, 6), Unit)
            .Ascend([0, 1], 0, TestContext.Current.CancellationToken);
        Assert.Equal(AscentStatus.Dead, results[0].Status);
        Assert.Single(results[0].Curve);
        Assert.NotEqual(AscentStatus.Dead, results[1].Status);
        Assert.True(results[1].Objective > results[1].Curve[0]);
    }

    [Fact]
    public void The_crop_of_the_receptive_field_is_what_is_optimised()
    {
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layer("conv6");
        var run = new AscentRun(runner, layer, AscentPresets.Normalised(3, 20), Unit);
        Assert.Equal(layer.Field.At(28, 28), run.Box);
        var result = run.Ascend([4], 0, TestContext.Current.CancellationToken)[0];
        Assert.True(result.Objective > result.Curve[0] + 0.5, $"{result.Curve[0]} -> {result.Objective}");
    }
}
