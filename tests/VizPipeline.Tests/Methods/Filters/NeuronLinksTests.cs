using VizPipeline.Methods.Filters;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.Filters;

public sealed class NeuronLinksTests
{
    private readonly Random _random = new(3);

    [Fact]
    public void A_convolution_reads_the_layer_below_through_nonlinearity_and_pooling()
    {
        var builder = new GraphBuilder(new Shape(3, 16, 16));
        var x = builder.Add("relu", new Relu(), Conv(builder, "first", 12, GraphBuilder.Input));
        x = builder.Add("pool", new MaxPool(Window.Square(2, 2)), x);
        x = builder.Add("norm", new ChannelAffine(Weight("scale", 12), Weight("shift", 12), 0), builder.Add(
            "lrn", new LocalResponseNorm(3, 1, 0.75, 1), x));
        var graph = builder.Build("net", builder.Add("relu2", new Relu(), Conv(builder, "second", 10, x)));

        var links = Check(graph, "logits");

        var second = WeightOf(graph, "second");
        for (var o = 0; o < 10; o++)
        {
            var (norms, total) = Norms(second, o, 12, 9);
            Assert.Equal(total, links.Neurons[o].Norm, 1e-9);
            Assert.Equal(second.AsSpan(o * 108, 108).ToArray().Max(MathF.Abs), links.Neurons[o].Largest);
            Assert.Equal(
                Enumerable.Range(0, 12).OrderByDescending(i => norms[i]).Take(8), links.Neurons[o].Inputs.Select(link => link.Channel));
            Assert.All(links.Neurons[o].Inputs, link =>
            {
                Assert.Equal((0, false, link.Channel), (link.Layer, link.IsInput, link.Input));
                Assert.Equal(norms[link.Channel], link.Norm, 1e-9);
                var weights = second.AsSpan((o * 108) + (link.Channel * 9), 9).ToArray();
                Assert.Equal((3, 3), (link.Kernel!.Height, link.Kernel.Width));
                Assert.Equal(weights, link.Kernel.Weights);
                Assert.Equal(weights.Sum(weight => (double)weight), link.Sum, 1e-9);
            });
        }
        var readers = Assert.Single(links.Readers);
        Assert.Equal((0, 12), (readers.Layer, readers.Channels.Count));
        for (var c = 0; c < 12; c++)
        {
            var shares = Enumerable.Range(0, 10).Select(o => Norms(second, o, 12, 9) is var (norms, total) ? norms[c] / total : 0)
                .ToArray();
            Assert.Equal(
                Enumerable.Range(0, 10).OrderByDescending(o => shares[o]).Take(8), readers.Channels[c].Select(link => link.Channel));
            Assert.All(readers.Channels[c], link => Assert.Equal(shares[link.Channel], link.Share, 1e-9));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_layer_reads_colours(bool isBgr)
    {
        var builder = new GraphBuilder(new Shape(3, 8, 8));
        var graph = builder.Build("net", Conv(builder, "first", 4, GraphBuilder.Input));

        var links = NeuronLinks.Compute(graph, graph.Layers, graph.Layers[0], isBgr)!;

        Assert.Empty(links.Readers);
        Assert.All(links.Neurons, neuron =>
        {
            Assert.Equal([0, 1, 2], neuron.Inputs.Select(link => link.Channel).Order());
            Assert.All(neuron.Inputs, link => Assert.Equal(
                (true, -1, isBgr ? 2 - link.Input : link.Input), (link.IsInput, link.Layer, link.Channel)));
        });
    }

    [Fact]
    public void Channels_of_a_concatenation_are_told_apart()
    {
        var (graph, weights) = Fire();
        // The merge itself is not observed, so that its branches are the sources.
        var observed = graph.Layers.Where(layer => layer.Kind != LayerKind.Concat).ToList();
        Assert.Equal(["left", "right", "logits"], observed.Select(layer => layer.Name));

        var links = NeuronLinks.Compute(graph, observed, observed[2])!;

        Assert.All(links.Neurons[0].Inputs, link => Assert.Equal(
            link.Input < 2 ? (0, link.Input) : (1, link.Input - 2), (link.Layer, link.Channel)));
        Assert.Equal([2, 3], links.Readers.Select(read => read.Channels.Count));
        Assert.Equal(weights[3], links.Readers[1].Channels[1].Single(link => link.Channel == 0).Sum, 1e-9);
    }

    [Fact]
    public void What_an_observed_concatenation_merges_is_read_with_it()
    {
        var (graph, _) = Fire();

        var links = NeuronLinks.Compute(graph, graph.Layers, graph.Layer("logits"))!;

        Assert.Equal(["left", "right", "merge", "logits"], graph.Layers.Select(layer => layer.Name));
        Assert.All(links.Neurons[0].Inputs, link => Assert.Equal((2, link.Input), (link.Layer, link.Channel)));
        Assert.Equal([(0, 2), (1, 3), (2, 5)], links.Readers.Select(read => (read.Layer, read.Channels.Count)));
        Assert.Equal(links.Readers[2].Channels, links.Readers[0].Channels.Concat(links.Readers[1].Channels));
    }

    [Fact]
    public void An_addition_is_the_source_where_it_is_observed()
    {
        var builder = new GraphBuilder(new Shape(3, 8, 8));
        var x = builder.Add("relu", new Relu(), Conv(builder, "first", 4, GraphBuilder.Input));
        var sum = builder.Add("sum_relu", new Relu(), builder.Add("sum", new Add(), Conv(builder, "second", 4, x), x));
        var graph = builder.Build("net", Conv(builder, "third", 2, sum));
        Assert.Equal(["first", "second", "sum", "logits"], graph.Layers.Select(layer => layer.Name));

        var links = NeuronLinks.Compute(graph, graph.Layers, graph.Layers[3])!;
        var unknown = NeuronLinks.Compute(graph, [graph.Layers[0], graph.Layers[3]], graph.Layers[3])!;

        Assert.All(links.Neurons[0].Inputs, link => Assert.Equal((2, link.Input), (link.Layer, link.Channel)));
        Assert.Equal([0, 1, 2], links.Readers.Select(read => read.Layer));
        Assert.Empty(unknown.Readers);
        Assert.All(unknown.Neurons, neuron => Assert.Equal([(-1, -1, false, 0), (-1, -1, false, 1), (-1, -1, false, 2), (-1, -1, false, 3)],
            neuron.Inputs.Select(link => (link.Layer, link.Channel, link.IsInput, link.Input)).Order()));
        Assert.Null(NeuronLinks.Compute(graph, graph.Layers, graph.Layers[2]));
    }

    [Fact]
    public void A_group_reads_its_own_channels()
    {
        var builder = new GraphBuilder(new Shape(3, 8, 8));
        var x = builder.Add("relu", new Relu(), Conv(builder, "first", 4, GraphBuilder.Input));
        var weight = Weight("grouped.weight", 6, 2, 3, 3);
        var graph = builder.Build("net", builder.Add("grouped", new Convolution(weight, null, Window.Square(3), Groups: 2), x));

        var links = Check(graph, "logits");

        for (var o = 0; o < 6; o++)
        {
            Assert.Equal(o < 3 ? [0, 1] : [2, 3], links.Neurons[o].Inputs.Select(link => link.Channel).Order());
            Assert.All(links.Neurons[o].Inputs, link => Assert.Equal(
                weight.Values.AsSpan((o * 18) + (link.Channel % 2 * 9), 9).ToArray(), link.Kernel!.Weights));
        }
        Assert.All(links.Readers[0].Channels, (readers, c) => Assert.Equal(
            c < 2 ? [0, 1, 2] : [3, 4, 5], readers.Select(link => link.Channel).Order()));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, false)]
    public void A_unit_reads_channels_of_the_map_that_was_flattened(int size, bool hasKernel)
    {
        var builder = new GraphBuilder(new Shape(1, size, size));
        var x = builder.Add("relu", new Relu(), Conv(builder, "first", 5, GraphBuilder.Input));
        var (map, plane) = (builder.Shape(x), builder.Shape(x).Height * builder.Shape(x).Width);
        x = builder.Add("drop", new Identity(), builder.Add("flatten", new Flatten(), x));
        var weight = Weight("fc.weight", 7, 5 * plane);
        x = builder.Add("fc_relu", new Relu(), builder.Add("fc", new Linear(weight, null), x));
        var graph = builder.Build("net", builder.Add("last", new Linear(Weight("last.weight", 3, 7), null), x));

        var (links, last) = (Check(graph, "fc"), Check(graph, "logits"));

        var (norms, total) = Norms(weight.Values, 4, 5, plane);
        Assert.Equal(Enumerable.Range(0, 5).OrderByDescending(i => norms[i]), links.Neurons[4].Inputs.Select(link => link.Channel));
        Assert.Equal(norms.Max() / total, links.Neurons[4].Inputs[0].Norm / links.Neurons[4].Norm, 1e-9);
        Assert.All(links.Neurons[4].Inputs, link => Assert.Equal(
            hasKernel ? weight.Values.AsSpan((4 * 5 * plane) + (link.Channel * plane), plane).ToArray() : null, link.Kernel?.Weights));
        Assert.Equal(5, links.Readers[0].Channels.Count);
        Assert.All(last.Neurons[0].Inputs, link => Assert.Equal(
            (1, link.Input, 1, 1), (link.Layer, link.Channel, link.Kernel!.Height, link.Kernel.Width)));
        Assert.Equal(size - 2, map.Height);
    }

    [Fact]
    public void Weights_of_zeros_link_nothing_and_broken_ones_do_no_harm()
    {
        var builder = new GraphBuilder(new Shape(3, 4, 4));
        var x = builder.Add("relu", new Relu(), Conv(builder, "first", 3, GraphBuilder.Input));
        var weight = new FloatTensor("second.weight", [3, 3, 1, 1], [0, 0, 0, 0, -2, 0, float.NaN, 1, float.PositiveInfinity]);
        var graph = builder.Build("net", builder.Add("second", new Convolution(weight, null, Window.Square(1)), x));

        var links = Check(graph, "logits");

        Assert.Empty(links.Neurons[0].Inputs);
        Assert.Equal((1, -2.0), (Assert.Single(links.Neurons[1].Inputs).Channel, links.Neurons[1].Inputs[0].Sum));
        Assert.Equal([0, 1, 0], links.Readers[0].Channels.Select(channel => channel.Count));
        Assert.Equal(new ReaderLink(1, 1, -2), links.Readers[0].Channels[1][0]);
    }

    // Whatever the structure: shares are shares, and every reader that is kept is an input of its neuron with that norm where it is kept
    // there, too.
    private static LayerLinks Check(NetworkGraph graph, string name)
    {
        var layer = graph.Layer(name);
        var links = NeuronLinks.Compute(graph, graph.Layers, layer)!;
        Assert.Equal(layer.Neurons, links.Neurons.Count);
        Assert.All(links.Neurons, neuron => Assert.InRange(neuron.Inputs.Count, 0, NeuronLinks.Kept));
        foreach (var read in links.Readers)
        {
            for (var c = 0; c < read.Channels.Count; c++)
            {
                foreach (var link in read.Channels[c])
                {
                    var neuron = links.Neurons[link.Channel];
                    if (neuron.Inputs.FirstOrDefault(input => input.Layer == read.Layer && input.Channel == c) is { } input)
                    {
                        Assert.Equal(input.Norm / neuron.Norm, link.Share, 1e-12);
                        Assert.Equal(input.Sum, link.Sum);
                    }
                    Assert.InRange(link.Share, 0, 1 + 1e-12);
                }
            }
        }
        return links;
    }

    private static (double[] Norms, double Total) Norms(float[] weights, int output, int inputs, int plane)
    {
        var norms = Enumerable.Range(0, inputs).Select(i => Math.Sqrt(
            weights.AsSpan((output * inputs * plane) + (i * plane), plane).ToArray().Sum(weight => (double)weight * weight))).ToArray();
        return (norms, Math.Sqrt(norms.Sum(norm => norm * norm)));
    }

    private static float[] WeightOf(NetworkGraph graph, string node)
        => ((Convolution)graph.Nodes.Single(other => other.Name == node).Operator).Weight.Values;

    private (NetworkGraph Graph, float[] Weights) Fire()
    {
        var builder = new GraphBuilder(new Shape(3, 8, 8));
        var left = builder.Add("left_relu", new Relu(), Conv(builder, "left", 2, GraphBuilder.Input));
        var right = builder.Add("right_relu", new Relu(), Conv(builder, "right", 3, GraphBuilder.Input));
        var merge = builder.Add("merge", new Concat([2, 3]), left, right);
        var weight = Weight("last.weight", 4, 5, 1, 1);
        return (builder.Build("net", builder.Add("last", new Convolution(weight, null, Window.Square(1)), merge)), weight.Values);
    }

    private int Conv(GraphBuilder builder, string name, int outputs, int input)
    {
        var pad = name is "second" ? 1 : 0;
        return builder.Add(name, new Convolution(
            Weight(name + ".weight", outputs, builder.Shape(input).Channels, 3, 3), null, Window.Square(3, pad: pad)), input);
    }

    private FloatTensor Weight(string name, params int[] shape) => RandomNetworks.Weight(_random, name, shape);
}
