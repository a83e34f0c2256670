using VizPipeline.Tests.Network.Formats.Onnx;
using VizPipeline.Tests.Network.Import.Onnx;

namespace VizPipeline.Fuzz.Targets;

/// <summary>Small networks that together have the operators that the importer knows.</summary>
internal static class OnnxSeeds
{
    public static IEnumerable<(string Name, byte[] Bytes)> All()
    {
        yield return ("classic", new Model()
            .Node("Conv", "x w1 b1", "c1", Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1), Ints("strides", 1, 1), Ints(
                "dilations", 1, 1), Int("group", 1))
            .Node("BatchNormalization", "c1 g1 g1 g1 g1", "n1", Real("epsilon", 1e-5f)).Node("Relu", "n1", "r1")
                .Node("LRN", "r1", "l1", Int("size", 3), Real("alpha", 0.1f), Real("beta", 0.75f), Real("bias", 1))
            .Node("MaxPool", "l1", "p1", Ints("kernel_shape", 3, 3), Ints("strides", 2, 2), Ints("pads", 0, 0, 1, 1), Int("ceil_mode", 1))
            .Node("Conv", "p1 w2", "c2", Ints("kernel_shape", 1, 1))
                .Node("Conv", "p1 w3", "c3", Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1), Int("group", 2))
            .Node("Concat", "c2 c3", "k", Int("axis", 1)).Node("LeakyRelu", "k", "r2", Real("alpha", 0.1f))
                .Node("AveragePool", "r2", "a", Ints("kernel_shape", 2, 2), Ints("strides", 2, 2), Int("count_include_pad", 1))
            .Node("Flatten", "a", "f", Int("axis", 1)).Node("Gemm", "f w4 b4", "y", Int("transB", 1), Real("alpha", 1), Real("beta", 1))
                .Node("Softmax", "y", "s", Int("axis", 1))
            .Weight("w1", 4, 3, 3, 3).Weight("b1", 4).Positive("g1", 4)
                .Weight("w2", 4, 4, 1, 1).Weight("w3", 4, 2, 3, 3).Weight("w4", 3, 32).Weight("b4", 3).End("x", [1, 3, 9, 9], "s", [1, 3]));
        yield return ("residual", new Model()
            .Node("Pad", "x pads", "q").Node("Conv", "q w1", "c1", Ints("kernel_shape", 3, 3), Ints("strides", 2, 2))
                .Node("Clip", "c1 lo hi", "r1")
            .Node("Conv", "r1 w2", "c2", Text("auto_pad", "SAME_UPPER"), Ints("kernel_shape", 3, 3), Int("group", 4))
                .Node("Sigmoid", "c2", "s").Node("Add", "s r1", "a").Node("Mul", "a k", "m")
                .Node("Sub", "m k", "m2").Node("Div", "m2 k", "m3")
            .Node("Tanh", "m3", "t").Node("GlobalAveragePool", "t", "g").Node("Squeeze", "g axes", "h").Node("MatMul", "h w3", "v")
                .Node("Dropout", "v", "d").Node("Identity", "d", "y")
            .Weight("w1", 4, 1, 3, 3).Weight("w2", 4, 1, 3, 3).Weight("k", 1, 4, 1, 1).Weight("w3", 4, 5)
                .Whole("pads", 0, 0, 1, 1, 0, 0, 1, 1).Whole("axes", 2, 3).Scalar("lo", 0).Scalar("hi", 6)
            .End("x", [-1, 1, 8, 8], "y", [-1, 5]));
        yield return ("shapes", new Model()
            .Node("Conv", "x w1", "c", Ints("kernel_shape", 5, 5), Ints("pads", 2, 2, 2, 2)).Node("Relu", "c", "r")
                .Node("GlobalMaxPool", "r", "g").Node("Shape", "g", "s").Node("Gather", "s zero", "n", Int("axis", 0))
            .Node("Unsqueeze", "n zeros", "u").Node("Concat", "u minus", "t", Int("axis", 0)).Node("Reshape", "g t", "f")
                .Node("Gemm", "f w2 b2", "y", Int("transB", 1)).Node("LogSoftmax", "y", "z", Int("axis", -1))
            .Weight("w1", 3, 3, 5, 5).Weight("w2", 2, 3).Weight("b2", 2)
                .Whole("zeros", 0).Whole("minus", -1).Number("zero", 0).End("x", [1, 3, 10, 12], "z", [1, 2]));
        yield return ("means", new Model()
            .Node("Conv", "x w1", "c", Ints("kernel_shape", 2, 3), Ints("strides", 2, 1), Ints("dilations", 1, 2)).Node("Relu", "c", "r")
                .Node("ReduceMean", "r", "m", Ints("axes", 2, 3), Int("keepdims", 0)).Node("Sum", "m m", "y")
            .Weight("w1", 4, 4, 2, 3).End("x", [1, 4, 7, 11], "y", [1, 4]));
    }

    /// <summary>A use of each operator of the tests against ONNX Runtime, in an old and in a new operator set.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Operators()
    {
        foreach (var (name, add) in OnnxCases.All)
        {
            foreach (var opset in (int[])[9, 21])
            {
                var model = new OnnxModel(new Random(name.Length + opset), opset, 1, 3, 8, 9);
                yield return ($"{string.Concat(name.Where(char.IsAsciiLetter))}{opset}", model.Write(add(model)));
            }
        }
    }

    private static ProtoWriter Int(string name, long value) => OnnxModels.Attribute(name, 2, attribute => attribute.Number(3, value));

    private static ProtoWriter Ints(string name, params long[] values)
        => OnnxModels.Attribute(name, 7, attribute => attribute.Numbers(8, values));

    private static ProtoWriter Real(string name, float value) => OnnxModels.Attribute(name, 1, attribute => attribute.Float(2, value));

    private static ProtoWriter Text(string name, string value) => OnnxModels.Attribute(name, 3, attribute => attribute.Text(4, value));

    /// <summary>A model put together in the order in which it is written down.</summary>
    private sealed class Model
    {
        private readonly ProtoWriter _graph = new ProtoWriter().Text(2, "graph");
        private readonly Random _random = new(3);
        private int _nodes;

        public Model Node(string type, string inputs, string output, params ProtoWriter[] attributes)
        {
            var node = new ProtoWriter();
            foreach (var input in inputs.Split(' '))
                node.Text(1, input);
            node.Text(2, output).Text(3, $"n{_nodes++}").Text(4, type);
            foreach (var attribute in attributes)
                node.Message(5, attribute);
            _graph.Message(1, node);
            return this;
        }

        public Model Weight(string name, params long[] shape)
            => Tensor(name, shape, WeightsTarget.Floats(_random, (int)shape.Aggregate(1L, (product, extent) => product * extent)));

        public Model Positive(string name, int count) => Tensor(name, [count], [.. Enumerable.Range(1, count).Select(i => i / 2f)]);

        public Model Scalar(string name, float value) => Tensor(name, [], [value]);

        public Model Whole(string name, params long[] values)
        {
            _graph.Message(5, OnnxModels.Tensor(name, OnnxModels.Int64, values.Length).Numbers(7, values));
            return this;
        }

        public Model Number(string name, long value)
        {
            _graph.Message(5, OnnxModels.Tensor(name, OnnxModels.Int64).Numbers(7, value));
            return this;
        }

        public byte[] End(string input, long[] from, string output, long[] to) =>
            OnnxModels.Model(_graph.Message(11, OnnxModels.Value(input, from)).Message(12, OnnxModels.Value(output, to)));

        private Model Tensor(string name, long[] shape, float[] values)
        {
            _graph.Message(5, OnnxModels.Tensor(name, OnnxModels.Float, shape).Bytes(9, WeightsTarget.Bytes(values)));
            return this;
        }
    }
}
