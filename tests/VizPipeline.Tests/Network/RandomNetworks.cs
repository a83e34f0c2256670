using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network;

/// <summary>
/// Small networks of random structure: strides, paddings, dilations, groups, pools, branches that meet in concatenations and additions.
/// </summary>
public static class RandomNetworks
{
    public static NetworkGraph Make(int seed, int size = 23)
    {
        var random = new Random(seed);
        var graph = new GraphBuilder(new Shape(3, size, size + random.Next(3)));
        var x = GraphBuilder.Input;
        var blocks = random.Next(3, 6);
        for (var i = 0; i < blocks; i++)
        {
            var shape = graph.Shape(x);
            if (Math.Min(shape.Height, shape.Width) < 5)
                break;
            x = random.Next(6) switch
            {
                0 => Pool(graph, random, x, $"pool{i}"),
                1 => Fire(graph, random, x, $"fire{i}"),
                2 => Residual(graph, random, x, $"residual{i}"),
                _ => Nonlinear(graph, random, Conv(graph, random, x, $"conv{i}"), $"act{i}"),
            };
        }
        x = Nonlinear(graph, random, Conv(graph, random, x, "last"), "last_act");
        return graph.Build($"random{seed}", x);
    }

    public static FloatTensor Weight(Random random, string name, params int[] shape)
    {
        var fan = shape.Skip(1).Aggregate(1, (product, extent) => product * extent);
        var values = new float[shape.Aggregate(1, (product, extent) => product * extent)];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() - 0.5) * 3.4 * Math.Sqrt(2.0 / fan));
        return new FloatTensor(name, shape, values);
    }

    public static torch.Tensor Images(NetworkGraph graph, int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count * graph.InputShape.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() * 2) - 1);
        return torch.tensor(values, graph.InputShape.Batch(count));
    }

    public static Sites AllCornersAndSome(NetworkGraph graph, int target, int images, Random random)
    {
        var map = graph.Nodes[target].Shape;
        var sites = new List<(int Image, int Y, int X)>
        {
            (0, 0, 0), (images - 1, map.Height - 1, map.Width - 1), (0, 0, map.Width - 1), (0, map.Height - 1, 0),
        };
        for (var i = 0; i < 5; i++)
            sites.Add((random.Next(images), random.Next(map.Height), random.Next(map.Width)));
        return new Sites([.. sites.Select(site => site.Image)], [.. sites.Select(site => site.Y)], [.. sites.Select(site => site.X)]);
    }

    public static float[] ToArray(this torch.Tensor tensor) => tensor.to(torch.float32).contiguous().data<float>().ToArray();

    private static int Conv(GraphBuilder graph, Random random, int x, string name, int? stride = null, int? outputs = null)
    {
        var channels = graph.Shape(x).Channels;
        var room = Math.Min(graph.Shape(x).Height, graph.Shape(x).Width);
        var kernel = Math.Min(random.Next(1, 5), room);
        var dilation = random.Next(4) == 0 && (2 * kernel) - 1 <= room ? 2 : 1;
        var groups = channels % 2 == 0 && random.Next(3) == 0 ? 2 : 1;
        var step = stride ?? random.Next(1, 3);
        WindowAxis axis = new(kernel, step, random.Next(3), random.Next(3), dilation);
        WindowAxis same = new(kernel, step, random.Next(2), random.Next(2), dilation);
        var width = outputs ?? 2 * random.Next(2, 5);
        x = graph.Add(
            name,
            new Convolution(
                Weight(random, name + ".weight", width, channels / groups, kernel, kernel),
                random.Next(2) == 0 ? Weight(random, name + ".bias", width) : null,
                new Window(axis, same),
                groups),
            x);
        return random.Next(2) == 0 ? x : graph.Add(
            name + "_bn", new ChannelAffine(Weight(random, name + ".scale", width), Weight(random, name + ".shift", width), 0), x);
    }

    private static int Nonlinear(GraphBuilder graph, Random random, int x, string name) => random.Next(4) switch
    {
        0 => graph.Add(name, new LeakyRelu(0.1), x),
        1 => graph.Add(name, new Clip(0, 0.8), x),
        2 => graph.Add(name, new Sigmoid(), x),
        _ => graph.Add(name, new Relu(), x),
    };

    private static int Pool(GraphBuilder graph, Random random, int x, string name)
    {
        var window = Window.Square(random.Next(2, 4), random.Next(1, 3), random.Next(2), ceil: random.Next(2) == 0);
        return random.Next(2) == 0 ? graph.Add(name, new MaxPool(window), x) : graph.Add(
            name, new AveragePool(window, random.Next(2) == 0), x);
    }

    private static int Fire(GraphBuilder graph, Random random, int x, string name)
    {
        var channels = graph.Shape(x).Channels;
        var one = graph.Add(name + "_a", new Convolution(Weight(random, name + "_a.weight", 4, channels, 1, 1), null, Window.Square(1)), x);
        var three = graph.Add(
            name + "_b", new Convolution(Weight(random, name + "_b.weight", 4, channels, 3, 3), null, Window.Square(3, pad: 1)), x);
        one = Nonlinear(graph, random, one, name + "_a_act");
        return graph.Add(name, new Concat([4, 4]), one, graph.Add(name + "_b_act", new Relu(), three));
    }

    private static int Residual(GraphBuilder graph, Random random, int x, string name)
    {
        var channels = graph.Shape(x).Channels;
        var y = graph.Add(
            name + "_a", new Convolution(Weight(random, name + "_a.weight", channels, channels, 3, 3), null, Window.Square(3, pad: 1)), x);
        y = graph.Add(name + "_act", new Relu(), y);
        y = graph.Add(
            name + "_b", new Convolution(Weight(random, name + "_b.weight", channels, channels, 3, 3), null, Window.Square(3, pad: 1)), y);
        return graph.Add(name + "_relu", new Relu(), graph.Add(name, new Add(), y, x));
    }
}
