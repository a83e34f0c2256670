using TorchSharp;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Execution;

/// <summary>One pass observes every chosen layer, also those of branches that do not feed the last of them.</summary>
public class BranchTests
{
    private readonly Random _random = new(11);
    private readonly GraphBuilder _builder = new(new Shape(3, 9, 9));

    [Fact]
    public void Layers_of_branches_that_never_meet_below_the_chosen_ones_are_all_observed()
    {
        var graph = TwoHeads();
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 2, 1);
        var nodes = graph.Layers.Where(layer => layer.Name is "left" or "right").Select(layer => layer.Node).ToArray();

        var together = Observe(runner, images, nodes);

        Assert.Equal(nodes, together.Keys.Order());
        Assert.All(nodes, node => Assert.Equal(Observe(runner, images, node)[node], together[node]));
    }

    [Fact]
    public void An_identity_at_the_end_does_not_cut_off_a_branch_after_the_value_that_it_passes_on()
    {
        var graph = TwoHeads();
        var (same, left) = (graph.Nodes.Single(node => node.Name == "same").Index, graph.Layer("left").Node);
        Assert.True(same > graph.Layer("right").Node && left < same);
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 2, 1);

        var observed = Observe(runner, images, same, graph.Layer("right").Node);

        Assert.Equal(Observe(runner, images, left)[left], observed[same]);
        Assert.Equal(2, observed.Count);
    }

    [Fact]
    public void The_search_counts_every_image_for_every_branch()
    {
        var graph = TwoHeads();
        using var runner = new NetworkRunner(graph);
        using var images = RandomNetworks.Images(graph, 3, 1);
        var search = new TopPatchSearch(runner, [graph.Layer("left"), graph.Layer("right")], exact: true, imageSet: 3);

        search.Add(images, [0, 1, 2], [null, null, null]);

        Assert.All(search.Tallies, tally => Assert.Equal(3, tally.Images));
    }

    // Two heads on one trunk, which meet only in the output. An identity comes last among the nodes before it.
    private NetworkGraph TwoHeads()
    {
        var trunk = Conv("trunk", GraphBuilder.Input);
        var left = Conv("left", trunk);
        var right = Conv("right", trunk);
        var same = _builder.Add("same", new Identity(), left);
        return _builder.Build("heads", Conv("out", _builder.Add("join", new Concat([4, 4]), same, right)));
    }

    private int Conv(string name, int input)
    {
        var axis = new WindowAxis(3, 1, 1, 1);
        var weight = RandomNetworks.Weight(_random, $"{name}.weight", 4, _builder.Shape(input).Channels, 3, 3);
        var convolution = _builder.Add(name, new Convolution(weight, null, new Window(axis, axis), 1), input);
        return _builder.Add($"{name}_relu", new Relu(), convolution);
    }

    private static Dictionary<int, float[]> Observe(NetworkRunner runner, torch.Tensor images, params int[] nodes)
    {
        var values = new Dictionary<int, float[]>();
        runner.Forward(images, nodes, (node, value) => values.Add(node, value.ToArray()));
        return values;
    }
}
