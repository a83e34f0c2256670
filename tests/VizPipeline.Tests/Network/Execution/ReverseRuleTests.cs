using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Execution;

/// <summary>What deconvolution and guided backpropagation do where the gradient would go another way.</summary>
public class ReverseRuleTests
{
    private static readonly Shape Image = new(3, 7, 8);

    [Theory]
    [InlineData(ReverseRule.Deconvolution), InlineData(ReverseRule.GuidedBackpropagation)]
    public void A_gate_counts_as_a_constant(ReverseRule rule)
    {
        var random = new Random(1);
        var (weight, squeeze) = (RandomNetworks.Weight(random, "conv.weight", 4, 3, 3, 3), RandomNetworks.Weight(
            random, "fc.weight", 4, 4, 1, 1));
        var gated = new GraphBuilder(Image);
        var x = gated.Add("conv", new Convolution(weight, null, Window.Square(3)), GraphBuilder.Input);
        var gate = gated.Add("gate", new Sigmoid(), gated.Add(
            "fc", new Convolution(squeeze, null, Window.Square(1)), gated.Add("pool", new GlobalAveragePool(), x)));
        var output = gated.Add("mul", new Multiply(), gate, x);
        var network = gated.Build("gated", output);

        var plain = new GraphBuilder(Image);
        x = plain.Add("conv", new Convolution(weight, null, Window.Square(3)), GraphBuilder.Input);
        var factors = new FloatTensor("gate", [4], Value(network, gate));
        var constant = plain.Build("plain", plain.Add("mul", new ChannelAffine(factors, new FloatTensor("zero", [4], new float[4]), 0), x));
        Equal(Back(constant, constant.Output, rule), Back(network, output, rule));
        Assert.NotEqual(Back(constant, constant.Output, ReverseRule.Gradient), Back(network, output, ReverseRule.Gradient));
    }

    [Fact]
    public void A_gate_alone_leads_nothing_back()
    {
        var graph = new GraphBuilder(Image);
        var pooled = graph.Add("pool", new GlobalAveragePool(), GraphBuilder.Input);
        var positive = graph.Add("gate", new Sigmoid(), graph.Add(
            "fc", new Convolution(RandomNetworks.Weight(new Random(1), "fc.weight", 3, 3, 1, 1), null, Window.Square(1)), pooled));
        var output = graph.Add("mul", new Multiply(Gate: 1), graph.Add("pool2", new GlobalMaxPool(), GraphBuilder.Input), positive);
        var back = Back(graph.Build("gate", output), output, ReverseRule.Deconvolution);
        // Only the winner of each channel is reached.
        Assert.Equal(3, back.Count(value => value != 0));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(4), InlineData(0)]
    public void Statistics_count_as_constants(int groups)
    {
        var random = new Random(2);
        var (scale, shift) = (RandomNetworks.Weight(random, "scale", 4), RandomNetworks.Weight(random, "shift", 4));
        var graph = new GraphBuilder(Image);
        var x = graph.Add(
            "conv", new Convolution(RandomNetworks.Weight(random, "conv.weight", 4, 3, 1, 1), null, Window.Square(1)), GraphBuilder.Input);
        Normalization normal = groups == 0 ? new LayerNorm(scale, shift, 1e-3) : new GroupNorm(groups, scale, shift, 1e-3);
        var network = graph.Build("normal", graph.Add("norm", normal, x));
        var (values, normalised) = (Value(network, x), Value(network, network.Output));
        // (y - shift) / (x - mean) is the same factor, scale / deviation, that the signal gets; without the mean: of two positions.
        using var runner = new NetworkRunner(network);
        var signals = BackTo(network, x, network.Output);
        var pixels = Image.Height * Image.Width;
        for (var c = 0; c < 4 && groups > 0; c++)
        {
            var factor = (normalised[(c * pixels) + 5] - normalised[c * pixels]) / (values[(c * pixels) + 5] - values[c * pixels]);
            Assert.Equal(factor * normalised[(c * pixels) + 3], signals[(c * pixels) + 3], 3e-4f);
        }
        for (var p = 0; p < pixels && groups == 0; p++)
        {
            float[] at = [.. Enumerable.Range(0, 4).Select(c => values[(c * pixels) + p])];
            var (mean, square) = (at.Average(), at.Average(value => value * value));
            for (var c = 0; c < 4; c++)
                Assert.Equal(normalised[(c * pixels) + p] * scale.Values[c] / Math.Sqrt(
                    square - (mean * mean) + 1e-3), signals[(c * pixels) + p], 3e-4);
        }
    }

    [Fact]
    public void Limits_of_a_number_format_are_no_rectifier()
    {
        var graph = new GraphBuilder(Image);
        var x = graph.Add("conv", new Convolution(
            RandomNetworks.Weight(new Random(3), "conv.weight", 2, 3, 1, 1), null, Window.Square(1)), GraphBuilder.Input);
        var network = graph.Build("quantised", graph.Add("limits", new Saturation(-0.4, 0.3), x));
        Assert.Equal(Value(network, network.Output), BackTo(network, x, network.Output));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Statistics_and_gates_do_not_widen_the_field(bool isGate)
    {
        var graph = new GraphBuilder(new Shape(3, 32, 32));
        var x = graph.Add("conv", new Convolution(
            RandomNetworks.Weight(new Random(3), "conv.weight", 4, 3, 5, 5), null, Window.Square(5, 2, 2)), GraphBuilder.Input);
        x = isGate
            ? graph.Add("mul", new Multiply(), x, graph.Add("gate", new Sigmoid(), graph.Add("pool", new GlobalAveragePool(), x)))
            : graph.Add("norm", new GroupNorm(2, null, null), x);
        x = graph.Add(
            "conv2", new Convolution(RandomNetworks.Weight(new Random(3), "conv2.weight", 4, 4, 3, 3), null, Window.Square(3)), x);
        var field = ReceptiveFields.Compute(graph.Build("local", x), x);
        Assert.Equal(new ReceptiveField(new FieldAxis(9, 2, -2), new FieldAxis(9, 2, -2)), field);
    }

    [Fact]
    public void What_is_no_number_passes_through_work_in_place()
    {
        var graph = new GraphBuilder(Image);
        var x = graph.Add("conv", new Convolution(
            RandomNetworks.Weight(new Random(3), "conv.weight", 2, 3, 1, 1), null, Window.Square(1)), GraphBuilder.Input);
        var network = graph.Build("tanh", graph.Add("tanh", new Tanh(), x));
        using var runner = new NetworkRunner(network);
        using var images = torch.full(Image.Batch(1), float.NaN);
        using var value = runner.Forward(images, network.Output);
        Assert.All(value.ToArray(), number => Assert.True(float.IsNaN(number)));
    }

    private static float[] Value(NetworkGraph graph, int node)
    {
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 1, 9);
        using var value = runner.Forward(images, node);
        return value.ToArray();
    }

    private static float[] Back(NetworkGraph graph, int node, ReverseRule rule)
    {
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 1, 9);
        using var geometry = new PassGeometry(runner, RegionPlan.Whole(graph, node));
        using var pass = new Pass(geometry, rule);
        using var mode = torch.inference_mode();
        return pass.Reverse(pass.Forward(images).clone()).ToArray();
    }

    // The signal at a 1x1 convolution's output, found from that at the input: its three channels are independent rows of the weight.
    private static float[] BackTo(NetworkGraph graph, int convolution, int target)
    {
        var cut = new GraphBuilder(graph.Nodes[convolution].Shape);
        var one = new float[16];
        for (var i = 0; i < graph.Nodes[convolution].Shape.Channels; i++)
            one[i * (graph.Nodes[convolution].Shape.Channels + 1)] = 1;
        var channels = graph.Nodes[convolution].Shape.Channels;
        var x = cut.Add(
            "one",
            new Convolution(
                new FloatTensor("one.weight", [channels, channels, 1, 1], one[..(channels * channels)]),
                null, Window.Square(1)),
            GraphBuilder.Input);
        var network = cut.Build("cut", cut.Add("last", graph.Nodes[target].Operator, x));
        using var runner = new NetworkRunner(network);
        using var images = torch.tensor(Value(graph, convolution), graph.Nodes[convolution].Shape.Batch(1));
        using var geometry = new PassGeometry(runner, RegionPlan.Whole(network, network.Output));
        using var pass = new Pass(geometry, ReverseRule.Deconvolution);
        using var mode = torch.inference_mode();
        return pass.Reverse(pass.Forward(images).clone()).ToArray();
    }

    private static void Equal(float[] expected, float[] actual)
    {
        var scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-5 * scale, $"{pair}"));
    }
}
