using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Execution;

/// <summary>The gradient rule against finite differences, an independent source.</summary>
public class GradientTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(100, 30)];

    [Theory, MemberData(nameof(Seeds))]
    public void Gradient_rule_equals_central_differences(int seed) => Check(RandomNetworks.Make(seed, 17), seed);

    [Theory, MemberData(nameof(Seeds))]
    public void So_it_does_for_newer_operators(int seed) => Check(ModernNetworks.Make(seed, 15), seed);

    [Fact]
    public void So_it_does_where_both_sides_of_a_rectifier_are_positive()
    {
        var random = new Random(3);
        var graph = new GraphBuilder(new Shape(3, 8, 8));
        var x = graph.Add("conv", new Convolution(
            RandomNetworks.Weight(random, "conv.weight", 4, 3, 3, 3), null, Window.Square(3, pad: 1)), GraphBuilder.Input);
        Check(graph.Build("mirror", graph.Add("act", new LeakyRelu(-0.4), x)), 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_signal_observed_at_a_node_is_that_at_the_input_of_the_rest_of_the_network(bool isDeconvolution)
    {
        var random = new Random(7);
        var (first, second) = (RandomNetworks.Weight(random, "first.weight", 5, 3, 3, 3), RandomNetworks.Weight(
            random, "second.weight", 4, 5, 3, 3));
        var whole = new GraphBuilder(new Shape(3, 9, 9));
        var middle = whole.Add("first_act", new Relu(), whole.Add(
            "first", new Convolution(first, null, Window.Square(3, pad: 1)), GraphBuilder.Input));
        var network = whole.Build("whole", AddRest(whole, middle));
        var rest = new GraphBuilder(new Shape(5, 9, 9));
        var tail = rest.Build("rest", AddRest(rest, GraphBuilder.Input));
        var rule = isDeconvolution ? ReverseRule.Deconvolution : ReverseRule.Gradient;
        using var runner = new NetworkRunner(network);
        using var tailRunner = new NetworkRunner(tail);
        using var scope = torch.NewDisposeScope();
        torch.Tensor? observed = null;
        using var geometry = new PassGeometry(runner, RegionPlan.Whole(network, network.Output));
        using var pass = new Pass(geometry, rule)
        {
            Observed = [middle],
            ObserveSignal = (node, signal) => observed = node == middle ? signal.clone() : null,
        };
        var images = RandomNetworks.Images(network, 1, 7);
        var seed = torch.randn(pass.Forward(images).shape);
        pass.Reverse(seed.clone());

        using var tailGeometry = new PassGeometry(tailRunner, RegionPlan.Whole(tail, tail.Output));
        using var tailPass = new Pass(tailGeometry, rule);
        tailPass.Forward(runner.Forward(images, middle));
        var expected = tailPass.Reverse(seed.clone());
        Assert.Equal(expected.ToArray(), observed!.ToArray());
        Assert.Contains(expected.ToArray(), value => value != 0);

        int AddRest(GraphBuilder builder, int from) => builder.Add("second_act", new Relu(), builder.Add(
            "second", new Convolution(second, null, Window.Square(3, pad: 1)), from));
    }

    private static void Check(NetworkGraph graph, int seed)
    {
        using var runner = new NetworkRunner(graph);
        using var mode = torch.inference_mode();
        using var images = RandomNetworks.Images(graph, 1, seed);
        using var geometry = new PassGeometry(runner, RegionPlan.Whole(graph, graph.Output));
        using var pass = new Pass(geometry, ReverseRule.Gradient);
        var output = pass.Forward(images);
        var random = new Random(seed);
        using var weights = torch.tensor(
            [.. Enumerable.Range(0, (int)output.numel()).Select(_ => (float)random.NextDouble() - 0.5f)], output.shape);
        var gradient = pass.Reverse(weights.clone()).ToArray();

        double Objective(torch.Tensor at) => (runner.Forward(at, graph.Output).to(torch.float64) * weights.to(
            torch.float64)).sum().item<double>();
        var (agree, tried) = (0, 24);
        for (var i = 0; i < tried; i++)
        {
            var at = random.Next(gradient.Length);
            var step = torch.zeros_like(images);
            step.view(-1)[at] = torch.tensor(1f);
            var difference = (Objective(images + (step * 4e-3)) - Objective(images - (step * 4e-3))) / 8e-3;
            if (Math.Abs(difference - gradient[at]) <= 2e-2 * (gradient.Max(Math.Abs) + 1e-3))
                agree++;
        }
        // A few differences straddle the kink of a rectifier or another winner of a maximum.
        Assert.True(agree >= tried - 4, $"{agree} of {tried} agree");
    }
}
