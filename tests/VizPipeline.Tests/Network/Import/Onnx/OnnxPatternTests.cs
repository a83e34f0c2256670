using VizPipeline.Network.Operators;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>What exporters take apart becomes one operator again, with the same values as ONNX Runtime gives the parts.</summary>
public class OnnxPatternTests
{
    private static readonly Dictionary<string, (Nonlinearity Expected, OnnxCases.Case Write)> Patterns = new()
    {
        ["x * sigmoid(x)"] = (new Silu(), m => m.Add("Mul", [X(m, out var x), m.Add("Sigmoid", [x])])),
        ["sigmoid(1.5 x) * x"] = (new Silu(1.5), m => m.Add(
            "Mul", [m.Add("Sigmoid", [m.Add("Mul", [X(m, out var x), m.Number(1.5)])]), x])),
        ["x * hardsigmoid(x)"] = (new HardSwish(), m => m.Add(
            "Mul", [X(m, out var x), m.Add("HardSigmoid", [x], ("alpha", 1 / 6f), ("beta", 0.5f))])),
        ["x * clip(x + 3, 0, 6) / 6"] = (new HardSwish(), m => m.Add(
            "Div", [m.Add("Mul", [X(m, out var x), Clipped(m, m.Add("Add", [x, m.Number(3)]))]), m.Number(6)])),
        ["x * (clip(x + 3, 0, 6) / 6)"] = (new HardSwish(), m => m.Add(
            "Mul", [X(m, out var x), m.Add("Mul", [Clipped(m, m.Add("Add", [m.Number(3), x])), m.Number(1 / 6.0)])])),
        ["x * min(max(x + 3, 0), 6) * 0.16667"] = (new HardSwish(), m => m.Add(
            "Mul", [m.Add("Mul", [X(m, out var x), Limited(m, m.Add("Add", [x, m.Number(3)]))]), m.Number(0.16667)])),
        ["clip(x + 3, 0, 6) / 6"] = (new HardSigmoid(1 / 6f, 0.5f), m => m.Add(
            "Div", [Clipped(m, m.Add("Add", [X(m, out _), m.Number(3)])), m.Number(6)])),
        ["clip(0.2 x + 0.5, 0, 1)"] = (new HardSigmoid(0.2f, 0.5f), m => Clipped(
            m, m.Add("Add", [m.Add("Mul", [X(m, out _), m.Number(0.2)]), m.Number(0.5)]), 1)),
        ["x / 2 * (1 + erf(x / sqrt 2))"] = (new Gelu(), m => m.Add(
            "Mul", [m.Add("Mul", [X(m, out var x), m.Add("Add", [Erf(m, x), m.Number(1)])]), m.Number(0.5)])),
        ["(x * 0.5) * (1 + erf(x / sqrt 2))"] = (new Gelu(), m => m.Add(
            "Mul", [m.Add("Mul", [m.Number(0.5), X(m, out var x)]), m.Add("Add", [m.Number(1), Erf(m, x)])])),
        ["x * (0.5 erf(x / sqrt 2) + 0.5)"] = (new Gelu(), m => m.Add(
            "Mul", [m.Add("Add", [m.Add("Mul", [Erf(m, X(m, out var x)), m.Number(0.5)]), m.Number(0.5)]), x])),
        ["x / 2 * (1 + tanh(c (x + 0.044715 x^3)))"] = (new Gelu(true), m => m.Add(
            "Mul", [m.Add("Mul", [X(m, out var x), m.Number(0.5)]), m.Add("Add", [m.Add("Tanh", [Cubic(m, x)]), m.Number(1)])])),
        ["x * (1 + tanh(c x (1 + 0.044715 x x))) / 2"] = (new Gelu(true), m => m.Add(
            "Mul", [m.Number(0.5), m.Add("Mul", [X(m, out var x), m.Add("Add", [m.Number(1), m.Add("Tanh", [Factored(m, x)])])])])),
        ["x * tanh(softplus(x))"] = (new Mish(), m => m.Add("Mul", [X(m, out var x), m.Add("Tanh", [m.Add("Softplus", [x])])])),
        ["min(relu(x), 6)"] = (new Clip(0, 6), m => m.Add("Min", [m.Add("Relu", [X(m, out _)]), m.Number(6)])),
    };

    public static TheoryData<string> Names => [.. Patterns.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Is_one_nonlinearity(string pattern)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var model = new OnnxModel(new Random(seed), 13 + seed, 1, 3, 6, 7);
            var graph = OnnxParity.Check(model, Patterns[pattern].Write(model), tolerance: 3e-5);
            var function = Assert.IsAssignableFrom<Nonlinearity>(
                Assert.Single(graph.Nodes, node => node.Operator is not (Input or Convolution)).Operator);
            var expected = Patterns[pattern].Expected;
            Assert.Equal(expected.Kind, function.Kind);
            if (function is Gelu or Clip or HardSwish)
                Assert.Equal(expected, function);
            // The layer's value is that behind the nonlinearity.
            Assert.Equal(graph.Output, graph.Layers[^1].Node);
            Assert.Equal(graph.Output - 1, graph.Layers[^1].PreActivation);
        }
    }

    [Theory]
    [InlineData(3.1, 6), InlineData(3, 5.5)]
    public void Numbers_that_are_others_stay_apart(double shift, double limit)
    {
        var model = new OnnxModel(new Random(1), 13, 1, 3, 6, 7);
        var x = X(model, out _);
        var gate = Clipped(model, model.Add("Add", [x, model.Number(shift)]), limit);
        var graph = OnnxParity.Check(model, model.Add("Div", [model.Add("Mul", [x, gate]), model.Number(6)]));
        Assert.DoesNotContain(graph.Nodes, node => node.Operator is HardSwish);
    }

    [Theory]
    [InlineData(1.0009), InlineData(0.9991)]
    public void A_factor_near_one_is_not_dropped(double factor)
    {
        var model = new OnnxModel(new Random(1), 13, 1, 3, 6, 7);
        var gated = model.Add("Mul", [X(model, out var x), model.Add("Sigmoid", [x])]);
        OnnxParity.Check(model, model.Add("Mul", [gated, model.Number(factor)]));
        var gelu = model.Add("Mul", [x, model.Add("Add", [Erf(model, x), model.Number(1)])]);
        OnnxParity.Check(model, model.Add("Mul", [gelu, model.Number(0.5 * factor)]));
        var swish = model.Add("Mul", [x, Clipped(model, model.Add("Add", [x, model.Number(3)]))]);
        OnnxParity.Check(model, model.Add("Mul", [swish, model.Number(factor / 6)]));
    }

    [Theory]
    [InlineData("Sqrt", false), InlineData("Pow", false), InlineData("Reciprocal", true), InlineData("InversePow", true)]
    public void A_layer_norm_in_parts_is_one(string root, bool isProduct)
    {
        var model = new OnnxModel(new Random(3), 13, 2, 3, 6, 7);
        var last = model.Add("Transpose", [X(model, out _)], ("perm", new[] { 0, 2, 3, 1 }));
        var centred = model.Add("Sub", [last, Mean(model, last)]);
        var square = isProduct ? model.Add("Mul", [centred, centred]) : model.Add("Pow", [centred, model.Number(2)]);
        var shifted = model.Add("Add", [Mean(model, square), model.Number(1e-3)]);
        var normal = root switch
        {
            "Sqrt" => model.Add("Div", [centred, model.Add("Sqrt", [shifted])]),
            "Pow" => model.Add("Div", [centred, model.Add("Pow", [shifted, model.Number(0.5)])]),
            "Reciprocal" => model.Add("Mul", [model.Add("Reciprocal", [model.Add("Sqrt", [shifted])]), centred]),
            _ => model.Add("Mul", [centred, model.Add("Pow", [shifted, model.Number(-0.5)])]),
        };
        var scaled = model.Add("Add", [model.Add("Mul", [normal, model.Weight(4)]), model.Weight(4)]);
        var graph = OnnxParity.Check(model, model.Add("Transpose", [scaled], ("perm", new[] { 0, 3, 1, 2 })));
        Assert.Equal(["Input", "Conv", "LayerNorm", "BatchNorm", "BatchNorm"], graph.Nodes.Select(node => node.Operator.Kind));
    }

    private static string Mean(OnnxModel m, string x) => m.Add("ReduceMean", [x], ("axes", new[] { -1 }));

    private static string X(OnnxModel m, out string x)
        => x = m.Add("Conv", [OnnxModel.Input, m.Floats(
            [.. Enumerable.Range(0, 12).Select(_ => (float)(m.Random.NextDouble() * 4) - 2)], 4, 3, 1, 1), m.Weight(4)]);

    private static string Clipped(OnnxModel m, string x, double limit = 6) => m.Add("Clip", [x, m.Floats([0]), m.Floats([(float)limit])]);

    private static string Limited(OnnxModel m, string x) => m.Add("Min", [m.Add("Max", [x, m.Number(0)]), m.Number(6)]);

    private static string Erf(OnnxModel m, string x) => m.Add("Erf", [m.Add("Div", [x, m.Number(Math.Sqrt(2))])]);

    private static string Cubic(OnnxModel m, string x) =>
        m.Add("Mul", [m.Add("Add", [x, m.Add("Mul", [m.Add("Pow", [x, m.Number(3)]), m.Number(0.044715)])]), m.Number(
            Math.Sqrt(2 / Math.PI))]);

    private static string Factored(OnnxModel m, string x) =>
        m.Add("Mul", [m.Add("Mul", [x, m.Number(Math.Sqrt(2 / Math.PI))]), m.Add(
            "Add", [m.Add("Mul", [m.Add("Mul", [m.Number(0.044715), x]), x]), m.Number(1)])]);
}
