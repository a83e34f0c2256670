using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.GradientAscent;

/// <summary>Many images at once: who is done leaves, who is silent is rescued, and facets keep apart.</summary>
public class AscentBatchTests
{
    private static readonly PixelScale Unit = new([1 / 255f, 1 / 255f, 1 / 255f], [0, 0, 0], [120, 115, 105]);

    public static TheoryData<string> Names => [.. AscentPresets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_recipe_seed_and_neurons_give_the_same_bits(string name)
    {
        var graph = RandomNetworks.Make(7, 31);
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layers[^2];
        var recipe = AscentPresets.WithSteps(AscentPresets.Find(name)!, 8) with { Objective = new ChannelObjective() };
        AscentResult[] Run() => [.. new AscentRun(runner, layer, recipe, Unit, new AscentMaterial { TopPatches = _ => Enumerable.Repeat(
            90f, (int)graph.InputShape.Count).ToArray() })
            .Ascend([0, 1, 2], 5, TestContext.Current.CancellationToken)];
        foreach (var (one, other) in Run().Zip(Run()))
        {
            Assert.Equal(one.Image, other.Image);
            Assert.Equal(one.Curve, other.Curve);
        }
    }

    [Fact]
    public void Images_that_grow_no_more_leave_the_batch_and_do_not_change_the_others()
    {
        // Neuron 0 saturates after some steps, neuron 1 goes on growing.
        var (graph, recipe) = (Two(new Clip(0, 6), 0.15f, 0.001f), AscentPresets.Normalised(3, 60) with
        {
            EarlyStop = new EarlyStop(
            5),
            Regularizers = []
        });
        using var runner = new NetworkRunner(graph);
        var run = new AscentRun(runner, graph.Layers[0], recipe, Unit);
        var together = run.Ascend([0, 1, 0, 0], 0, TestContext.Current.CancellationToken);
        Assert.True(together[0].Curve.Length < 30, $"{together[0].Curve.Length} steps");
        Assert.NotEqual(AscentStatus.Dead, together[0].Status);
        Assert.Equal(6, together[0].Activation, 1e-4);
        Assert.True(together[1].Curve.Length > together[0].Curve.Length + 10, $"{together[1].Curve.Length} steps");
        var alone = run.Ascend([1], 0, TestContext.Current.CancellationToken)[0];
        Assert.Equal(alone.Curve.Length, together[1].Curve.Length);
        Assert.All(alone.Image.Zip(together[1].Image), pair => Assert.Equal(pair.First, pair.Second, 0.01f));
    }

    [Fact]
    public void A_neuron_behind_a_silent_layer_is_dead_without_a_rescue_and_climbs_with_one()
    {
        // The first rectifier is shut on every picture near the mean, so that no gradient comes through it.
        var builder = new GraphBuilder(new Shape(3, 9, 9));
        var first = new float[2 * 3 * 5 * 5];
        Array.Fill(first, 0.02f);
        var x = builder.Add("conv", new Convolution(
            new FloatTensor("conv.weight", [2, 3, 5, 5], first), new FloatTensor("conv.bias", [2], [-1.2f, -1.2f]), Window.Square(5)), 0);
        x = builder.Add(
            "second",
            new Convolution(
                new FloatTensor("second.weight", [1, 2, 5, 5], [.. Enumerable.Repeat(0.1f, 50)]),
                new FloatTensor("second.bias", [1], [0.1f]),
                Window.Square(5)),
            builder.Add("relu", new Relu(), x));
        var graph = builder.Build("silent", builder.Add("relu2", new Relu(), x));
        using var runner = new NetworkRunner(graph);
        var recipe = AscentPresets.Normalised(3, 40) with { Regularizers = [] };
        AscentResult Run(int rescue) => new AscentRun(runner, graph.Layers[^1], recipe with { RescueSteps = rescue }, Unit)
            .Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        Assert.Equal(AscentStatus.Dead, Run(0).Status);
        var rescued = Run(30);
        Assert.NotEqual(AscentStatus.Dead, rescued.Status);
        Assert.True(rescued.Activation > 0.2, $"{rescued.Activation}");
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_neuron_that_fires_on_the_grey_border_alone_is_climbed_all_the_same(bool isMerge)
    {
        // It answers to mid-grey, which only the border has: the image is darker everywhere.
        var builder = new GraphBuilder(new Shape(3, 24, 24));
        var x = builder.Add("conv", new Convolution(
            new FloatTensor("conv.weight", [1, 3, 1, 1], [1f, 1f, 1f]), new FloatTensor("conv.bias", [1], [-1.45f]), Window.Square(1)), 0);
        x = builder.Add("relu", new Relu(), x);
        // A merge has no nonlinearity of its own.
        var graph = builder.Build("border", isMerge ? builder.Add("both", new Concat([1, 1]), x, x) : x);
        using var runner = new NetworkRunner(graph);
        var recipe = AscentPresets.WithSteps(AscentPresets.Fourier, 60) with
        {
            Objective = new ChannelObjective(),
            Transformations = [new Pad(60)],
            PlainSteps = 0,
            Start = new PictureStart(),
        };
        var dark = new AscentMaterial { Picture = [.. Enumerable.Repeat(100f, 3 * 24 * 24)] };
        var result = new AscentRun(runner, graph.Layers[^1], recipe, Unit, dark).Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        Assert.True(result.Curve[0] > 0, "the border fires");
        Assert.NotEqual(AscentStatus.Dead, result.Status);
        Assert.True(result.Activation > 0.1, $"{result.Activation}");
    }

    [Fact]
    public void A_neuron_in_the_dip_of_a_smooth_nonlinearity_climbs_out_of_it()
    {
        // At the start the convolution gives about -3, where SiLU falls.
        var builder = new GraphBuilder(new Shape(3, 5, 5));
        var x = builder.Add(
            "conv",
            new Convolution(
                new FloatTensor("conv.weight", [1, 3, 5, 5], [.. Enumerable.Repeat(0.15f, 75)]),
                new FloatTensor("conv.bias", [1], [-8f]),
                Window.Square(5)),
            0);
        var graph = builder.Build("dip", builder.Add("silu", new Silu(), x));
        using var runner = new NetworkRunner(graph);
        var recipe = AscentPresets.Normalised(3, 60) with { Regularizers = [], Rule = new NormalisedRate(3) };
        var result = new AscentRun(runner, graph.Layers[0], recipe, Unit).Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        Assert.True(result.Curve[0] < 0 && result.Activation > 1, $"{result.Curve[0]} -> {result.Activation}, {result.Status}");
    }

    [Fact]
    public void What_never_rises_above_its_start_is_no_result_and_transformed_images_do_not_settle()
    {
        // It is at its ceiling from the start: only that could be shown.
        var falling = Two(new Clip(0, 0.5), 4f, 4f);
        using var runner = new NetworkRunner(falling);
        Assert.Equal(AscentStatus.Dead, new AscentRun(runner, falling.Layers[0], AscentPresets.Normalised(3, 10), Unit).Ascend(
            [0], 0, TestContext.Current.CancellationToken)[0].Status);
        var graph = RandomNetworks.Make(7, 31);
        using var other = new NetworkRunner(graph);
        var recipe = AscentPresets.WithSteps(AscentPresets.Fourier, 64) with
        {
            EarlyStop = new EarlyStop(2),
            PlainSteps = 8,
            Objective = new ChannelObjective(),
        };
        var result = new AscentRun(other, graph.Layers[0], recipe, Unit).Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        Assert.True(result.Curve.Length > 56, $"{result.Curve.Length} steps");
    }

    [Fact]
    public void Facets_of_a_neuron_are_less_alike_with_diversity()
    {
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        double Likeness(double weight)
        {
            var recipe = AscentPresets.WithSteps(AscentPresets.Find("facets")!, 40) with
            {
                Diversity = new Diversity(
                2, weight),
                Transformations = []
            };
            var results = new AscentRun(runner, graph.Layer("conv8"), recipe, Unit).Ascend([40], 0, TestContext.Current.CancellationToken);
            Assert.Equal([0, 1], results.Select(result => result.Facet));
            Assert.All(results, result => Assert.True(result.Activation > result.Curve[0]));
            // Correlation of the two pictures, pixel by pixel.
            double[][] centred = [.. results.Select(
                result => { var mean = result.Image.Average(); return result.Image.Select(value => (double)value - mean).ToArray(); })];
            double Dot(double[] a, double[] b) => a.Zip(b, (one, other) => one * other).Sum();
            return Dot(centred[0], centred[1]) / Math.Sqrt(Dot(centred[0], centred[0]) * Dot(centred[1], centred[1]));
        }
        var (with, without) = (Likeness(1), Likeness(0));
        Assert.True(with < without - 0.05, $"{with} with diversity, {without} without");
    }

    [Fact]
    public void Top_patches_are_laid_upon_each_other_where_the_neuron_fired()
    {
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layer("conv2");
        var run = new AscentRun(runner, layer, AscentPresets.Normalised(3, 1), Unit);
        // A dot in the middle of what the position sees, at two places.
        float[] Dot(int y, int x)
        {
            var (box, planes) = (run.BoxAt(y, x), new float[3 * 224 * 224]);
            planes[((box.Y0 + (box.Height / 2)) * 224) + box.X0 + (box.Width / 2)] = 200;
            return planes;
        }
        Assert.Equal(run.Box, run.BoxAt(layer.Shape.Height / 2, layer.Shape.Width / 2));
        var mean = TopPatchMean.Compute(run, [(Dot(20, 30), 20, 30), (Dot(60, 7), 60, 7)], graph.InputShape, Unit.Mean)!;
        Assert.Equal(200, mean[(run.Box.Height / 2 * run.Box.Width) + (run.Box.Width / 2)]);
        Assert.Equal(200, mean.Sum());
        // At the border what lies outside is the mean colour.
        Assert.Equal(Unit.Mean[0], TopPatchMean.Compute(run, [(new float[3 * 224 * 224], 0, 0)], graph.InputShape, Unit.Mean)![0]);
        Assert.Null(TopPatchMean.Compute(run, [], graph.InputShape, Unit.Mean));
        var started = new AscentRun(
            runner, layer, AscentPresets.Normalised(3, 1) with { Start = new TopPatchesStart() },
            Unit, new AscentMaterial { TopPatches = _ => mean })
            .Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        Assert.All(started.Image.Zip(mean), pair => Assert.Equal(pair.Second, pair.First, 0.01f));
    }

    // Two neurons of a layer over all of a 5x5 input, with weights of one size each.
    private static NetworkGraph Two(Nonlinearity nonlinearity, float first, float second)
    {
        var weight = new float[2 * 75];
        Array.Fill(weight, first, 0, 75);
        Array.Fill(weight, second, 75, 75);
        var builder = new GraphBuilder(new Shape(3, 5, 5));
        var x = builder.Add("conv", new Convolution(new FloatTensor("conv.weight", [2, 3, 5, 5], weight), null, Window.Square(5)), 0);
        return builder.Build("two", builder.Add("act", nonlinearity, x));
    }
}
