using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Whole little networks as exporters write them.</summary>
public class OnnxNetworkTests
{
    [Theory, InlineData(13), InlineData(17)]
    public void An_inverted_residual_with_squeeze_and_excitation(int opset)
    {
        var m = new OnnxModel(new Random(opset), opset, 2, 3, 16, 20);
        var x = HardSwish(m, Norm(
            m, m.Add("Conv", [OnnxModel.Input, m.Weight(8, 3, 3, 3)], ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 1, 1, 1 })), 8));
        var wide = HardSwish(m, Norm(m, m.Add("Conv", [x, m.Weight(16, 8, 1, 1)]), 16));
        var deep = HardSwish(m, Norm(m, m.Add("Conv", [wide, m.Weight(16, 1, 3, 3)], ("group", 16), ("pads", new[] { 1, 1, 1, 1 })), 16));
        var squeezed = m.Add("Relu", [m.Conv(m.Add("ReduceMean", [deep], ("axes", new[] { 2, 3 })), 16, 4)]);
        var gate = m.Add("Div", [Clip6(m, m.Add("Add", [m.Conv(squeezed, 4, 16), m.Number(3)])), m.Number(6)]);
        var sum = m.Add("Add", [Norm(m, m.Add("Conv", [m.Add("Mul", [gate, deep]), m.Weight(8, 16, 1, 1)]), 8), x]);
        var output = m.Add("Gemm", [m.Add("Flatten", [m.Add("GlobalAveragePool", [sum])]), m.Weight(8, 5), m.Weight(5)]);
        var graph = OnnxParity.Check(m, output);

        Assert.Equal(3, graph.Nodes.Count(node => node.Operator is HardSwish));
        Assert.Single(graph.Nodes, node => node.Operator is HardSigmoid);
        Assert.Equal(8, graph.Layers.Count);
        // The gate depends on the whole map; the field of what it scales stays that of the convolutions.
        var added = graph.Layers.Single(layer => layer.Kind == LayerKind.Add);
        Assert.Equal((7, 2, false), (added.Field.Y.Size, added.Field.Y.Stride, added.Field.IsWhole));
    }

    [Fact]
    public void A_block_of_convnext()
    {
        var m = new OnnxModel(new Random(5), 17, 1, 3, 16, 16);
        var x = m.Add("Conv", [OnnxModel.Input, m.Weight(6, 3, 4, 4), m.Weight(6)], ("strides", new[] { 4, 4 }));
        var deep = m.Add("Conv", [x, m.Weight(6, 1, 3, 3), m.Weight(6)], ("group", 6), ("pads", new[] { 1, 1, 1, 1 }));
        var last = m.Add("Transpose", [deep], ("perm", new[] { 0, 2, 3, 1 }));
        var normal = m.Add("LayerNormalization", [last, m.Weight(6), m.Weight(6)], ("axis", -1), ("epsilon", 1e-6f));
        var wide = m.Add("Add", [m.Weight(24), m.Add("MatMul", [normal, m.Weight(6, 24)])]);
        var error = m.Add("Add", [m.Add("Erf", [m.Add("Div", [wide, m.Number(Math.Sqrt(2))])]), m.Number(1)]);
        var gelu = m.Add("Mul", [m.Add("Mul", [wide, error]), m.Number(0.5)]);
        var narrow = m.Add("Add", [m.Add("MatMul", [gelu, m.Weight(24, 6)]), m.Weight(6)]);
        var back = m.Add("Transpose", [narrow], ("perm", new[] { 0, 3, 1, 2 }));
        var sum = m.Add("Add", [m.Add("Mul", [m.Weight(6, 1, 1), back]), x]);
        var pooled = m.Add("GlobalAveragePool", [sum]);
        var graph = OnnxParity.Check(m, m.Add("Gemm", [m.Add("Flatten", [pooled]), m.Weight(6, 4), m.Weight(4)]), 3e-5);

        Assert.Equal(
            ["Input", "Conv", "Conv", "LayerNorm", "Conv", "GELU", "Conv", "BatchNorm", "Add", "GlobalAveragePool", "Flatten", "Linear"],
            graph.Nodes.Select(node => node.Operator.Kind));
        Assert.Equal(12, graph.Layers.Single(layer => layer.Kind == LayerKind.Add).Field.X.Size);
        Assert.All(graph.Nodes.Where(node => node.Operator is Convolution), node => Assert.NotNull(((Convolution)node.Operator).Bias));
    }

    [Fact]
    public void A_shuffle_unit()
    {
        var m = new OnnxModel(new Random(6), 13, 1, 3, 12, 12);
        var x = m.Add("Relu", [m.Conv(OnnxModel.Input, 3, 8, 3)]);
        var halves = m.AddTo("", "Split", [x, m.Longs(4, 4)], 2, ("axis", 1));
        var deep = m.Add(
            "Conv", [m.Add("Relu", [m.Conv(halves[1], 4, 4)]), m.Weight(4, 1, 3, 3)], ("group", 4), ("pads", new[] { 1, 1, 1, 1 }));
        var joined = m.Add("Concat", [halves[0], m.Add("Relu", [m.Conv(deep, 4, 4)])], ("axis", 1));
        var apart = m.Add("Transpose", [m.Add("Reshape", [joined, m.Longs(0, 2, 4, 10, 10)])], ("perm", new[] { 0, 2, 1, 3, 4 }));
        var shuffled = m.Add("Reshape", [apart, m.Longs(0, -1, 10, 10)]);
        var parts = m.AddTo("", "Split", [shuffled, m.Longs(4, 4)], 2, ("axis", 1));
        var graph = OnnxParity.Check(m, m.Conv(m.Add("Concat", [parts[1], parts[0]], ("axis", 1)), 8, 3));
        Assert.Equal((5, 1), (graph.Layers[^1].Field.Y.Size, graph.Layers[^1].Field.Y.Stride));
    }

    [Theory, InlineData(3), InlineData(1), InlineData(4)]
    public void A_channels_last_network_of_keras(int channels)
    {
        var m = new OnnxModel(new Random(7), 13, 1, 14, 17, channels);
        var scaled = m.Add("Sub", [m.Add("Mul", [OnnxModel.Input, m.Number(0.5)]), m.Weight(1, 1, 1, channels)]);
        var first = channels == 1 ? m.Add("Reshape", [scaled, m.Longs(-1, 1, 14, 17)]) : ToFirst(m, scaled);
        var conv = m.Add("Conv", [first, m.Weight(6, channels, 3, 3)], ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 2 }));
        var six = ToLast(m, m.Add("Clip", [Norm(m, conv, 6), m.Floats([0]), m.Floats([6])]));
        // Every operator between its own transpositions, as an exporter without an optimiser leaves them.
        var other = ToLast(m, m.Add("Conv", [ToFirst(m, six), m.Weight(6, 6, 3, 3), m.Weight(6)], ("pads", new[] { 1, 1, 1, 1 })));
        var sum = m.Add("Add", [six, m.Add("Relu", [other])]);
        var gate = m.Add("Sigmoid", [m.Add(
            "Add", [m.Add("MatMul", [m.Add("ReduceMean", [sum], ("axes", new[] { 1, 2 })), m.Weight(6, 6)]), m.Weight(6)])]);
        var scaledMap = m.Add("Mul", [sum, m.Add("Reshape", [gate, m.Longs(-1, 1, 1, 6)])]);
        var cat = m.Add("Concat", [scaledMap, six], ("axis", 3));
        var pooled = ToLast(m, m.Add("MaxPool", [ToFirst(m, cat)], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })));
        var flat = m.Add("Reshape", [pooled, m.Longs(-1, 12 * 3 * 4)]);
        var logits = m.Add("Add", [m.Add("MatMul", [flat, m.Weight(12 * 3 * 4, 5)]), m.Weight(5)]);
        var graph = OnnxParity.Check(m, logits);

        Assert.Equal(new Shape(channels, 14, 17), graph.InputShape);
        Assert.DoesNotContain(graph.Nodes, node => node.Operator is ChannelGather);
        Assert.Equal(new Shape(channels, 20, 31), OnnxParity.Load(ForAnySize(channels), (20, 31)).InputShape);
    }

    [Fact]
    public void Channels_last_borders_slices_and_sizes()
    {
        var m = new OnnxModel(new Random(11), 13, 1, 3, 9, 10);
        var last = ToLast(m, m.Conv(OnnxModel.Input, 3, 4));
        var padded = m.Add("Pad", [last, m.Longs(0, 1, 0, 0, 0, 2, 3, 0)]);
        var larger = m.Add("Resize", [padded, "", m.Floats([1, 2, 1.5f, 1], 4)], ("mode", "linear"));
        var cut = m.Add("Slice", [larger, m.Longs(1, 0, 1), m.Longs(20, 18, 4), m.Longs(1, 2, 3), m.Longs(2, 1, 1)]);
        var split = m.AddTo("", "Split", [cut, m.Longs(1, 2)], 2, ("axis", 3));
        var most = m.Add("ReduceMax", [m.Add("Mul", [split[1], m.Add("Sigmoid", [split[0]])])], ("axes", new[] { -2 }), ("keepdims", 1));
        OnnxParity.Check(m, ToFirst(m, m.Add("Concat", [most, most], ("axis", -1))));
    }

    [Fact]
    public void A_response_normalisation_of_convnext_v2()
    {
        var m = new OnnxModel(new Random(12), 17, 2, 3, 8, 8);
        var last = m.Add("Relu", [ToLast(m, m.Conv(OnnxModel.Input, 3, 6))]);
        var norm = m.Add("ReduceL2", [last], ("axes", new[] { 1, 2 }), ("keepdims", 1));
        var share = m.Add(
            "Div", [norm, m.Add("Add", [m.Add("ReduceMean", [norm], ("axes", new[] { -1 }), ("keepdims", 1)), m.Number(1e-6)])]);
        var scaled = m.Add("Add", [m.Weight(1, 1, 1, 6), m.Add("Mul", [m.Weight(1, 1, 1, 6), m.Add("Mul", [last, share])])]);
        var graph = OnnxParity.Check(m, ToFirst(m, m.Add("Add", [scaled, last])));
        Assert.False(graph.Layers[^1].Field.IsWhole);
    }

    [Fact]
    public void A_quantised_network_is_its_decoded_self()
    {
        var m = new OnnxModel(new Random(8), 13, 1, 3, 12, 12);
        var x = Quantised(m, OnnxModel.Input, 0.04, 128);
        // The quantiser left out this layer's ReLU: its codes begin at zero.
        x = Quantised(m, m.Add("Conv", [x, Decoded(m, 6, 3, 3, 3)]), 0.03, 0);
        x = Quantised(m, m.Add("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })), 0.03, 0);
        x = Quantised(m, m.Add("Conv", [x, Decoded(m, 5, 6, 3, 3)]), 0.05, 120);
        var output = m.Add("Flatten", [m.Add("GlobalAveragePool", [x])]);
        var graph = OnnxParity.Check(m, output, tolerance: 0.05);

        Assert.Equal(["Input", "Quantize", "Conv", "Clip", "MaxPool", "Clip", "Conv", "Quantize", "GlobalAveragePool"], graph.Nodes.Select(
            node => node.Operator.Kind).Take(9));
        var clip = Assert.IsType<Clip>(graph.Nodes[graph.Layers[0].Node].Operator);
        Assert.Equal((0, 255 * 0.03f), (clip.Min, (float)clip.Max));
    }

    // Identities and changes of layout only name a product again, so its bias must not get into what another name reads.
    [Theory]
    [InlineData("Identity"), InlineData("Dropout"), InlineData("Cast"), InlineData("Reshape"), InlineData("Transpose"), InlineData(
        "Flatten"), InlineData("Squeeze")]
    public void A_product_that_is_read_without_its_bias_too_stays_without(string alias)
    {
        var m = new OnnxModel(new Random(10), 13, 2, 3, 5, 5);
        var isMatrix = alias is "Flatten" or "Squeeze";
        var plain = isMatrix ? m.Add("MatMul", [m.Add("Flatten", [OnnxModel.Input]), m.Weight(75, 4)]) : m.Add(
            "Conv", [OnnxModel.Input, m.Weight(4, 3, 2, 2)]);
        var other = alias switch
        {
            "Cast" => m.Add("Cast", [plain], ("to", 1)),
            "Reshape" => m.Add("Reshape", [plain, m.Longs(0, 0, 4, 4)]),
            "Transpose" => m.Add("Transpose", [plain], ("perm", new[] { 0, 2, 3, 1 })),
            "Squeeze" => m.Add("Squeeze", [m.Add("Unsqueeze", [plain, m.Longs(2)]), m.Longs(2)]),
            _ => m.Add(alias, [plain]),
        };
        var biased = m.Add("Add", [other, m.Weight(isMatrix || alias == "Transpose" ? [4] : [4, 1, 1])]);
        if (alias == "Transpose")
            biased = ToFirst(m, biased);
        var graph = OnnxParity.Check(m, m.Add("Mul", [biased, plain]));
        Assert.Single(graph.Nodes, node => node.Operator is ChannelAffine);

        // Within one operator too.
        var sum = m.Add("Sum", [plain, m.Weight(isMatrix ? [4] : [4, 1, 1]), m.Add("Identity", [plain])]);
        OnnxParity.Check(m, sum);
    }

    [Theory, InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Codes_without_a_zero_point_have_the_type_that_is_asked_for(int type)
    {
        var m = new OnnxModel(new Random(13), 21, 1, 3, 8, 8);
        var weight = m.Add(
            "DequantizeLinear", [m.Add("QuantizeLinear", [m.Weight(4, 3, 3, 3), m.Number(0.01)], ("output_dtype", type)), m.Number(0.01)]);
        var x = m.Add("Conv", [OnnxModel.Input, weight]);
        var codes = m.Add("QuantizeLinear", [x, m.Number(1e-2)], ("output_dtype", type));
        OnnxParity.Check(m, m.Add("DequantizeLinear", [codes, m.Number(1e-2)]), tolerance: 0.01);
    }

    [Fact]
    public void Softmax_at_the_end_is_left_out_and_a_second_output_does_not_matter()
    {
        var m = new OnnxModel(new Random(9), 13, 1, 3, 8, 8);
        var logits = m.Conv(m.Add("GlobalMaxPool", [m.Conv(OnnxModel.Input, 3, 4)]), 4, 3);
        m.Add("Loop", [logits]);
        var graph = OnnxParity.Load(m.Write(m.Add("Identity", [m.Add("Softmax", [m.Add("Flatten", [logits])])])));
        Assert.IsType<Flatten>(graph.Nodes[graph.Output].Operator);
        Assert.IsType<Convolution>(graph.Nodes[graph.Output - 1].Operator);
    }

    private static byte[] ForAnySize(int channels)
    {
        var m = new OnnxModel(new Random(1), 13, -1, -1, -1, channels);
        return m.Write(m.Conv(ToFirst(m, OnnxModel.Input), channels, 2, 3));
    }

    private static string ToFirst(OnnxModel m, string x) => m.Add("Transpose", [x], ("perm", new[] { 0, 3, 1, 2 }));

    private static string ToLast(OnnxModel m, string x) => m.Add("Transpose", [x], ("perm", new[] { 0, 2, 3, 1 }));

    private static string Norm(OnnxModel m, string x, int channels)
        => m.Add("BatchNormalization", [x, m.Positive(channels), m.Weight(channels), m.Weight(channels), m.Positive(channels)]);

    private static string Clip6(OnnxModel m, string x) => m.Add("Clip", [x, m.Floats([0]), m.Floats([6])]);

    private static string HardSwish(OnnxModel m, string x) => m.Opset >= 14
        ? m.Add("HardSwish", [x]) : m.Add("Div", [m.Add("Mul", [x, Clip6(m, m.Add("Add", [x, m.Number(3)]))]), m.Number(6)]);

    private static string Quantised(OnnxModel m, string x, double scale, byte zero)
    {
        var (step, code) = (m.Number(scale), m.Codes([zero]));
        return m.Add("DequantizeLinear", [m.Add("QuantizeLinear", [x, step, code]), step, code]);
    }

    private static string Decoded(OnnxModel m, params int[] shape)
    {
        var codes = m.Bytes(
            [.. Enumerable.Range(0, shape[0] * shape[1] * shape[2] * shape[3]).Select(_ => (sbyte)m.Random.Next(-128, 128))], shape);
        var steps = m.Floats([.. Enumerable.Range(0, shape[0]).Select(_ => (float)(0.002 + (m.Random.NextDouble() * 0.002)))], shape[0]);
        return m.Add("DequantizeLinear", [codes, steps, m.Bytes(new sbyte[shape[0]], shape[0])], ("axis", 0));
    }
}
