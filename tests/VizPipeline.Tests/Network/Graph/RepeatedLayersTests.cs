using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Graph;

/// <summary>Which layers only repeat the neurons of others.</summary>
public class RepeatedLayersTests
{
    private readonly Random _random = new(5);
    private readonly GraphBuilder _graph = new(new Shape(3, 8, 8));

    [Fact]
    public void A_concatenation_of_layers_repeats_them_in_the_order_of_its_channels()
    {
        var (a, b) = (Layer("a", GraphBuilder.Input), Layer("b", GraphBuilder.Input));
        var join = _graph.Add("join", new Concat([4, 4]), b, a);

        Assert.Equal("join: b a", Find(Layer("last", join)));
    }

    [Fact]
    public void It_does_so_through_slices_shuffles_identities_and_other_repeating_layers()
    {
        var (a, b, c) = (Layer("a", GraphBuilder.Input), Layer("b", GraphBuilder.Input), Layer("c", GraphBuilder.Input));
        var join = _graph.Add("join", new Concat([4, 4]), a, b);
        var shuffled = _graph.Add("shuffle", ChannelGather.Shuffle(8, 2), join);
        var half = _graph.Add("half", new ChannelSlice(0, 6), shuffled);
        var wide = _graph.Add("wide", new Concat([8, 6, 4]), join, _graph.Add("same", new Identity(), half), c);

        Assert.Equal("join: a b; wide: a b c", Find(Layer("last", wide)));
    }

    [Fact]
    public void A_channel_that_is_no_neuron_makes_a_layer_of_its_own()
    {
        var a = Layer("a", GraphBuilder.Input);
        var same = new WindowAxis(3, 1, 1, 1);
        var pooled = _graph.Add("pool", new MaxPool(new Window(same, same)), a);
        var withPool = _graph.Add("with_pool", new Concat([4, 4]), a, pooled);
        var withImage = _graph.Add("with_image", new Concat([8, 3]), withPool, GraphBuilder.Input);
        var added = _graph.Add("added", new Add(), Layer("b", withImage), Layer("c", withImage));

        Assert.Equal("", Find(Layer("last", added)));
    }

    [Fact]
    public void A_nonlinearity_after_the_concatenation_makes_other_neurons()
    {
        var (a, b) = (Conv("a", GraphBuilder.Input), Conv("b", GraphBuilder.Input));
        var join = _graph.Add("join", new Concat([4, 4]), a, b);

        Assert.Equal("", Find(Layer("last", _graph.Add("join_relu", new Relu(), join))));
    }

    [Fact]
    public void The_output_is_always_a_layer_of_its_own()
    {
        var join = _graph.Add("join", new Concat([4, 4]), Layer("a", GraphBuilder.Input), Layer("b", GraphBuilder.Input));

        Assert.Equal("", Find(join));
    }

    [Fact]
    public void Of_SqueezeNet_the_eight_concatenations_are_left_out()
    {
        var graph = NetworkLoader.Load("squeezenet1_1");
        var repeats = RepeatedLayers.Find(graph);

        Assert.Equal(8, repeats.Count);
        Assert.All(repeats, repeat => Assert.Equal(LayerKind.Concat, graph.Layers[repeat.Key].Kind));
        Assert.Equal(2560, repeats.Keys.Sum(index => graph.Layers[index].Neurons));
        Assert.Equal(7504 - 2560, LayerPatterns.SelectDefault(graph).Sum(layer => layer.Neurons));
        Assert.Equal(7504, LayerPatterns.Select(graph, ["*"]).Sum(layer => layer.Neurons));
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("vgg16")]
    public void Networks_without_concatenations_have_none(string name) =>
        Assert.Empty(RepeatedLayers.Find(NetworkLoader.Load(name)));

    private string Find(int output)
    {
        var graph = _graph.Build("test", output);
        return string.Join("; ", RepeatedLayers.Find(graph).Select(
            repeat => $"{graph.Layers[repeat.Key].Name}: {string.Join(' ', repeat.Value.Select(layer => layer.Name))}"));
    }

    private int Layer(string name, int input) => _graph.Add($"{name}_relu", new Relu(), Conv(name, input));

    private int Conv(string name, int input)
    {
        var axis = new WindowAxis(1, 1, 0, 0);
        var weight = RandomNetworks.Weight(_random, $"{name}.weight", 4, _graph.Shape(input).Channels, 1, 1);
        return _graph.Add(name, new Convolution(weight, null, new Window(axis, axis), 1), input);
    }
}
