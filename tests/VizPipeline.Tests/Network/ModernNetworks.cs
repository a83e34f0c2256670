using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network;

/// <summary>
/// Small networks of the parts that came after 2014: gates, normalisations by their own statistics, shuffles, smooth nonlinearities,
/// borders, resizing.
/// </summary>
public static class ModernNetworks
{
    public static NetworkGraph Make(int seed, int size = 19)
    {
        var maker = new Maker(new Random(seed), new GraphBuilder(new Shape(3, size, size + 2)));
        var x = GraphBuilder.Input;
        for (var i = 0; i < 3 && Math.Min(maker.Graph.Shape(x).Height, maker.Graph.Shape(x).Width) >= 6; i++)
            x = maker.Block(x, $"block{i}");
        x = maker.Nonlinear(maker.Conv(x, "last", outputs: 5), "last_act");
        return maker.Graph.Build($"modern{seed}", x);
    }

    /// <summary>One of each nonlinearity.</summary>
    public static Nonlinearity[] Functions(Random random, int channels, string name) =>
    [
        new Relu(), new LeakyRelu(0.1), new Clip(0, 0.8), new Sigmoid(), new Tanh(), new HardSwish(), new HardSigmoid(
            1 / 6.0, 0.5), new Silu(), new Silu(1.7),
        new Gelu(), new Gelu(Approximate: true), new Mish(), new Elu(0.7), Elu.Selu, new Celu(1.3), new Softplus(),
        new Softsign(), new ThresholdedRelu(0.1),
        new PRelu(RandomNetworks.Weight(random, name + ".slopes", channels)),
    ];

    private sealed record Maker(Random Random, GraphBuilder Graph)
    {
        public int Block(int x, string name) => Random.Next(7) switch
        {
            0 => Excited(x, name),
            1 => Normalised(x, name),
            2 => Shuffled(x, name),
            3 => Combined(x, name),
            4 or 5 => Resized(x, name),
            _ => Nonlinear(Conv(x, name), name + "_act"),
        };

        public int Conv(int x, string name, int? outputs = null)
        {
            var kernel = Random.Next(1, 4);
            var width = outputs ?? 2 * Random.Next(2, 4);
            return Graph.Add(
                name,
                new Convolution(
                    Weight(name + ".weight", width, Channels(x), kernel, kernel),
                    Weight(name + ".bias", width),
                    Window.Square(kernel, Random.Next(1, 3), Random.Next(2))),
                x);
        }

        public int Nonlinear(int x, string name)
        {
            var functions = Functions(Random, Channels(x), name);
            return Graph.Add(name, functions[Random.Next(functions.Length)], x);
        }

        private int Channels(int x) => Graph.Shape(x).Channels;

        private FloatTensor Weight(string name, params int[] shape) => RandomNetworks.Weight(Random, name, shape);

        private int One(int x, string name, int outputs)
            => Graph.Add(name, new Convolution(Weight(name + ".weight", outputs, Channels(x), 1, 1), null, Window.Square(1)), x);

        private int Excited(int x, string name)
        {
            x = Nonlinear(Conv(x, name + "_conv"), name + "_act");
            var gate = Graph.Add(name + "_pool", new GlobalAveragePool(), x);
            gate = One(Graph.Add(name + "_silu", new Silu(), One(gate, name + "_fc1", 3)), name + "_fc2", Channels(x));
            return Graph.Add(name, new Multiply(), x, Graph.Add(name + "_gate", new Sigmoid(), gate));
        }

        private int Normalised(int x, string name)
        {
            x = Conv(x, name + "_conv");
            var channels = Channels(x);
            var (scale, shift) = Random.Next(3) == 0 ? (null, null) : (Weight(name + ".scale", channels), Weight(
                name + ".shift", channels));
            Normalization normal = Random.Next(3) switch
            {
                0 => new GroupNorm(channels, scale, shift, 1e-2),
                1 => new GroupNorm(2, scale, shift, 1e-2),
                _ => new LayerNorm(scale, shift, 1e-2),
            };
            return Nonlinear(Graph.Add(name, normal, x), name + "_act");
        }

        private int Shuffled(int x, string name)
        {
            x = Conv(x, name + "_conv", outputs: 8);
            var left = Graph.Add(name + "_left", new ChannelSlice(0, 3), x);
            var right = Nonlinear(Graph.Add(name + "_right", new ChannelSlice(3, 5), x), name + "_act");
            return Graph.Add(
                name, ChannelGather.Shuffle(8, Random.Next(2) == 0 ? 2 : 4), Graph.Add(name + "_cat", new Concat([5, 3]), right, left));
        }

        private int Combined(int x, string name)
        {
            int Branch(string branch, int outputs) => Graph.Add($"{name}_{branch}_act", new Tanh(), Graph.Add(
                $"{name}_{branch}",
                new Convolution(Weight($"{name}_{branch}.weight", outputs, Channels(x), 3, 3), null, Window.Square(3, pad: 1)),
                x));
            var (one, other) = (Branch("a", 4), Branch("b", Random.Next(2) == 0 ? 1 : 4));
            return Random.Next(7) switch
            {
                0 => Graph.Add(name, new Subtract(), other, one),
                1 => Graph.Add(name, new Extremum(Random.Next(2) == 0), one, other),
                2 => Graph.Add(name, new Divide(), one, Graph.Add(
                    name + "_positive", new ChannelAffine(Filled(Channels(other), 1), Filled(Channels(other), 2), 0), other)),
                3 => Graph.Add(name, new Add(), one, Graph.Add(name + "_mean", new GlobalMaxPool(), other), other),
                4 => Graph.Add(name, new Multiply(Random.Next(2)), one, other),
                5 => Graph.Add(name, new Multiply(), one, Graph.Add(
                    name + "_mean", new ChannelReduction((ChannelReductionKind)Random.Next(3)), other)),
                _ => Graph.Add(name, new Multiply(), other, one),
            };
        }

        private int Resized(int x, string name)
        {
            var shape = Graph.Shape(x);
            var window = new Window(new WindowAxis(2, Random.Next(1, 3), 1, 0, Random.Next(1, 3)), new WindowAxis(3, 1, 0, 1, Ceil: true));
            var border = new Window(new WindowAxis(1, 1, 2, 1), new WindowAxis(1, 1, 0, 3));
            return Graph.Add(name, Random.Next(11) switch
            {
                0 => new ConvolutionTranspose(Weight(name + ".weight", shape.Channels, 4, 3, 2), Weight(name + ".bias", 4), new Window(
                    new WindowAxis(3, 2, 1, 1), new WindowAxis(2, 1, 0, 1)), 1),
                1 => new LpPool(window, Random.Next(2, 4)),
                2 => new AveragePool(window, Random.Next(2) == 0),
                3 => new MirrorPad(border, Random.Next(2) == 0),
                4 => new ConstantPad(border, 0.3f),
                5 => new Crop(new Window(new WindowAxis(1, 2, -1), new WindowAxis(1, 1, -2, -1))),
                6 => new Resample(
                    Weight(name + ".rows", 9, shape.Height), Random.Next(2) == 0 ? null : Weight(name + ".columns", 8, shape.Width)),
                7 => new ChannelPad(1, 2),
                8 => new AdaptiveMaxPool(7, 6),
                9 => new ChannelSoftmax(1, shape.Channels),
                _ => new Saturation(-0.5, 0.6),
            }, x);
        }

        private static FloatTensor Filled(int count, float value) => new("constant", [count], [.. Enumerable.Repeat(value, count)]);
    }
}
