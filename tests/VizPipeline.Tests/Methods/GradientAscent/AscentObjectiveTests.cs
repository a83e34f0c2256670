using TorchSharp;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.GradientAscent;

public class AscentObjectiveTests
{
    private static readonly PixelScale Unit = new([1 / 255f, 1 / 255f, 1 / 255f], [0, 0, 0], [120, 115, 105]);

    public static TheoryData<string> Objectives => ["neuron", "channel", "direction", "inversion", "caricature"];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_gradient_is_that_of_finite_differences(string name)
    {
        var graph = OneLayer(new LeakyRelu(0.3));
        using var runner = new NetworkRunner(graph);
        using var scope = torch.NewDisposeScope();
        var climb = new LayerObjective(
            runner, graph.Layers[0], new AscentRecipe { Name = "x", Steps = 1, Rule = new ConstantRate(1), Objective = Of(name) }, (2, 1));
        var random = new Random(5);
        float[] values = [.. Enumerable.Range(0, 2 * 4 * 5 * 4).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        var neurons = torch.tensor(new long[] { 3, 1 });
        var picture = torch.tensor([.. Enumerable.Range(0, 80).Select(_ => (float)random.NextDouble())], [1, 4, 5, 4]);
        double[] At(float[] maps) =>
        [
            .. climb.Evaluate(torch.tensor(maps, [2, 4, 5, 4]), neurons, picture).Objective.data<float>().ToArray()
                .Select(value => (double)value),
        ];
        var seeds = climb.EvaluateWithGradient(torch.tensor(values, [2, 4, 5, 4]), neurons, null, 1, picture)
            .Seeds.contiguous().data<float>().ToArray();
        for (var i = 0; i < values.Length; i += 3)
        {
            const float step = 0.01f;
            var (up, down) = ((float[])values.Clone(), (float[])values.Clone());
            (up[i], down[i]) = (values[i] + step, values[i] - step);
            // Where the nonlinearity's kink lies between the two, there is no one slope.
            if (Math.Sign(up[i]) != Math.Sign(down[i]))
                continue;
            Assert.Equal((At(up)[i / 80] - At(down)[i / 80]) / (2 * step), seeds[i], 2e-3);
        }
    }

    [Fact]
    public void A_feature_that_others_displace_climbs_until_it_is_among_the_largest()
    {
        using var runner = new NetworkRunner(OneLayer(new TopChannels(1)));
        using var scope = torch.NewDisposeScope();
        var climb = new LayerObjective(
            runner, runner.Graph.Layers[0],
            new AscentRecipe { Name = "x", Steps = 1, Rule = new ConstantRate(1), Objective = new NeuronObjective() }, (2, 1));
        // Four channels of 5 x 4, with the same values at each place.
        float[] Maps(params float[] values) => [.. values.SelectMany(value => Enumerable.Repeat(value, 20))];
        var neuron = torch.tensor(new long[] { 1 });
        (float Objective, float[] Seeds) At(float[] maps)
        {
            var values = torch.tensor(maps, [1, 4, 5, 4]);
            var (objective, _, seeds) = climb.EvaluateWithGradient(values, neuron, null, 1, null);
            Assert.Equal(objective.item<float>(), climb.Evaluate(values, neuron, null).Objective.item<float>(), 1e-6);
            return (objective.item<float>(), seeds.contiguous().data<float>().ToArray());
        }
        var (displaced, seeds) = At(Maps(2, 0.5f, -1, 0));
        Assert.Equal(-1.5, displaced, 1e-6);
        Assert.Equal([20 + (2 * 4) + 1], seeds.Index().Where(seed => seed.Item != 0).Select(seed => seed.Index));
        Assert.Equal(0.7, At(Maps(0.2f, 0.7f, -1, 0)).Objective, 1e-6);
        // Without a positive value there is nobody to displace.
        Assert.Equal(-0.3, At(Maps(-2, -0.3f, -1, -4)).Objective, 1e-6);
    }

    [Fact]
    public void A_direction_of_one_channel_is_that_channels_ascent()
    {
        var graph = RandomNetworks.Make(7, 31);
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layers[^2];
        var recipe = AscentPresets.Normalised(3, 6);
        var channel = new AscentRun(runner, layer, recipe with { Objective = new ChannelObjective() }, Unit)
            .Ascend([0], 1, TestContext.Current.CancellationToken)[0];
        var direction = new AscentRun(
            runner, layer, recipe with { Objective = new DirectionObjective(new Dictionary<int, double> { [0] = 1 }) }, Unit)
            .Ascend([0], 1, TestContext.Current.CancellationToken)[0];
        Assert.Equal(channel.Objective, direction.Objective, 1e-3 * Math.Abs(channel.Objective));
        var down = new AscentRun(
            runner, layer, recipe with { Objective = new DirectionObjective(new Dictionary<int, double> { [0] = -1 }) }, Unit)
            .Ascend([0], 1, TestContext.Current.CancellationToken)[0];
        Assert.True(-down.Objective < channel.Curve[0], "a negative weight pushes the channel down");
        var message = Assert.Throws<RecipeException>(() => new AscentRun(
            runner, layer, recipe with { Objective = new DirectionObjective(new Dictionary<int, double> { [999] = 1 }) }, Unit)).Message;
        Assert.Contains("channel 999", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inversion_finds_a_picture_that_the_layer_takes_for_the_given_one_and_caricature_goes_beyond_it()
    {
        var graph = TinyDarknetReference.Graph();
        using var runner = new NetworkRunner(graph);
        var layer = graph.Layer("conv4");
        var picture = new float[3 * 224 * 224];
        for (var i = 0; i < picture.Length; i++)
            picture[i] = 128 + (100 * MathF.Sin(i % 224 / 9f) * MathF.Cos(i / 224 % 224 / 14f));
        AscentResult Run(AscentObjective objective) => new AscentRun(
            runner, layer, AscentPresets.WithSteps(AscentPresets.Fourier, 40) with { Objective = objective, Transformations = [] },
            Unit, new AscentMaterial { Picture = picture })
            .Ascend([0], 0, TestContext.Current.CancellationToken)[0];
        var inversion = Run(new InversionObjective());
        Assert.True(inversion.Objective > 0.5 * inversion.Curve[0], $"{inversion.Curve[0]} -> {inversion.Objective}");
        var caricature = Run(new CaricatureObjective());
        Assert.True(caricature.Objective > 1.3 * Math.Max(caricature.Curve[0], 0.1), $"{caricature.Curve[0]} -> {caricature.Objective}");
    }

    [Fact]
    public void What_a_recipe_needs_and_does_not_get_is_named()
    {
        var graph = OneLayer(new Relu());
        using var runner = new NetworkRunner(graph);
        string Message(AscentRecipe recipe, AscentMaterial? material = null) => Assert.Throws<AscentMaterialException>(
            () => new AscentRun(runner, graph.Layers[0], recipe, Unit, material)).Message;
        Assert.Contains("top-9", Message(AscentPresets.Find("multifaceted")!), StringComparison.Ordinal);
        Assert.Contains("--image", Message(AscentPresets.Fourier with { Objective = new InversionObjective() }), StringComparison.Ordinal);
        Assert.Contains(
            "3 values",
            Message(AscentPresets.Fourier with { Objective = new InversionObjective() }, new AscentMaterial { Picture = [1, 2, 3] }),
            StringComparison.Ordinal);
    }

    private static AscentObjective Of(string name) => name switch
    {
        "neuron" => new NeuronObjective(),
        "channel" => new ChannelObjective(),
        "direction" => new DirectionObjective(new Dictionary<int, double> { [1] = 0.7, [3] = -1.5 }),
        "inversion" => new InversionObjective(),
        _ => new CaricatureObjective(),
    };

    private static NetworkGraph OneLayer(Operator nonlinearity)
    {
        var graph = new GraphBuilder(new Shape(3, 5, 4));
        var x = graph.Add(
            "conv", new Convolution(RandomNetworks.Weight(new Random(3), "conv.weight", 4, 3, 1, 1), null, Window.Square(1)), 0);
        return graph.Build("one", graph.Add("act", nonlinearity, x));
    }
}
