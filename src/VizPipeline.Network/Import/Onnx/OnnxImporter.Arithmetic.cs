using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Elementwise operators: functions, and arithmetic with constants and between computed values.</summary>
internal sealed partial class OnnxImporter
{
    private static Nonlinearity? Activation(OnnxNode node) => node.OpType switch
    {
        "Relu" => new Relu(),
        "LeakyRelu" => new LeakyRelu(node.GetFloat("alpha", 0.01f)),
        "Sigmoid" => new Sigmoid(),
        "Tanh" => new Tanh(),
        "HardSigmoid" => new HardSigmoid(node.GetFloat("alpha", 0.2f), node.GetFloat("beta", 0.5f)),
        "HardSwish" => new HardSwish(),
        "Swish" => new Silu(node.GetFloat("alpha", 1)),
        "Gelu" => new Gelu(node.GetText("approximate", "none") == "tanh"),
        "Mish" => new Mish(),
        "Elu" => new Elu(node.GetFloat("alpha", 1)),
        "Selu" => new Elu(node.GetFloat("alpha", 1.67326319f), node.GetFloat("gamma", 1.05070102f)),
        "Celu" => new Celu(node.GetFloat("alpha", 1)),
        "Softplus" => new Softplus(),
        "Softsign" => new Softsign(),
        "Sqrt" => new Power(0.5),
        "Reciprocal" => new Power(-1),
        "Abs" => new Absolute(),
        "Exp" => new Exponential(),
        "Log" => new Logarithm(),
        "Erf" => new ErrorFunction(),
        "ThresholdedRelu" => new ThresholdedRelu(node.GetFloat("alpha", 1)),
        _ => null,
    };

    private OnnxView Elementwise(OnnxNode node, string name, Operator function)
    {
        var view = View(node, 0);
        return view.Of(_graph.Add(name, function, view.Node));
    }

    private OnnxView PRelu(OnnxNode node, string name)
    {
        var (view, slopes) = (View(node, 0), Weight(node, 1));
        if (slopes.Count == 1)
            return Elementwise(node, name, new LeakyRelu(slopes.Values[0]));
        var perChannel = PerChannel(node, slopes, view);
        return Elementwise(node, name, new PRelu(new FloatTensor(slopes.Name, [perChannel.Length], perChannel)));
    }

    private OnnxView Pow(OnnxNode node, string name)
    {
        var exponent = Number(node, 1) ?? throw new GraphException(name, "Pow lacks its exponent");
        return exponent == 1 ? View(node, 0) : Elementwise(node, name, new Power(exponent));
    }

    private OnnxView Clip(OnnxNode node, string name)
    {
        var low = Number(node, 1) ?? node.GetFloat("min", float.NegativeInfinity);
        var high = Number(node, 2) ?? node.GetFloat("max", float.PositiveInfinity);
        return Elementwise(node, name, new Clip(low, high));
    }

    private OnnxView Microsoft(OnnxNode node, string name) => node.OpType switch
    {
        "Gelu" => Elementwise(node, name, new Gelu()),
        "FastGelu" when !IsGiven(node, 1) => Elementwise(node, name, new Gelu(Approximate: true)),
        "QuickGelu" => Elementwise(node, name, new Silu(node.GetFloat("alpha", 1.702f))),
        "QuantizeLinear" => QuantizeLinear(node, name),
        "DequantizeLinear" => DequantizeLinear(node, name),
        _ => throw new OperatorNotSupportedException(name, $"{node.Domain}.{node.OpType}"),
    };

    private OnnxView Arithmetic(OnnxNode node, string name)
    {
        if (node.OpType is "Add" or "Sub" or "Mul" or "Div" && node.Inputs.Count != 2)
            throw new GraphException(name, $"{node.OpType} takes two inputs and has {node.Inputs.Count}");
        var type = node.OpType is "Sum" or "Mean" ? "Add" : node.OpType;
        var result = node.Inputs.Count > 0 && _constants.ContainsKey(node.Inputs[0]) ? null : View(node, 0);
        var constantFirst = result is null;
        for (var i = constantFirst ? 0 : 1; i < node.Inputs.Count; i++)
        {
            if (constantFirst && i == 0)
                continue;
            if (constantFirst && i == 1)
                result = WithConstant(node, name, type, View(node, 1), Weight(node, 0), constantFirst: true);
            else if (_constants.ContainsKey(node.Inputs[i]))
                result = WithConstant(node, name, type, result!, Weight(node, i), constantFirst: false);
            else
                result = Combined(node, name, type, result!, View(node, i));
        }
        if (node.OpType == "Mean")
            result = result!.Of(_graph.Add(name + ".mean", Uniform(name, result, 1.0 / node.Inputs.Count, 0), result.Node));
        return result!;
    }

    private OnnxView WithConstant(OnnxNode node, string name, string type, OnnxView view, FloatTensor constant, bool constantFirst)
    {
        if (type is "Max" or "Min")
        {
            if (constant.Count != 1)
                throw Unsupported(node, $"a constant of shape [{string.Join(", ", constant.Shape)}]: one number is");
            return view.Of(_graph.Add(name, type == "Max" ? new Clip(constant.Values[0], double.PositiveInfinity) : new Clip(double.NegativeInfinity, constant.Values[0]), view.Node));
        }
        if (type == "Div" && constantFirst)
        {
            view = view.Of(_graph.Add(name + ".reciprocal", new Power(-1), view.Node));
            type = "Mul";
        }
        if (constant.Count > 1 && IsFlattened(view))
            view = Natural(AsVector(node, name, view));
        var perChannel = PerChannel(node, constant, view);
        if (type == "Add" && view.Node == _graph.Count - 1 && IsReadOnlyHere(view.Node) && WithBias(_graph[view.Node].Operator, new FloatTensor(constant.Name, [perChannel.Length], perChannel)) is { } biased)
        {
            _graph.Replace(view.Node, biased);
            return view;
        }
        var parts = perChannel.Select(c => (type, constantFirst) switch
        {
            ("Add", _) => (1f, c),
            ("Sub", false) => (1f, -c),
            ("Sub", true) => (-1f, c),
            ("Mul", _) => (c, 0f),
            _ => (1 / c, 0f),
        }).ToList();
        var affine = new ChannelAffine(
            new FloatTensor(name + ".scale", [parts.Count], [.. parts.Select(part => part.Item1)]),
            new FloatTensor(name + ".shift", [parts.Count], [.. parts.Select(part => part.Item2)]), 0);
        return view.Of(_graph.Add(name, affine, view.Node));
    }

    // Whether a map lies there as a vector, though it has not been made one yet.
    private bool IsFlattened(OnnxView view) => view.Rank == 2 && view.StartsWithBatch && ShapeOf(view) is { IsVector: false } shape && (shape.Height > 1 || shape.Width > 1);

    // The bias of a product that was written without one.
    private static Operator? WithBias(Operator op, FloatTensor bias) => op switch
    {
        Linear { Bias: null } linear => linear with { Bias = bias },
        Convolution { Bias: null } convolution => convolution with { Bias = bias },
        _ => null,
    };

    private ChannelAffine Uniform(string name, OnnxView view, double scale, double shift)
    {
        var channels = ShapeOf(view).Channels;
        return new ChannelAffine(
            new FloatTensor(name + ".scale", [channels], [.. Enumerable.Repeat((float)scale, channels)]),
            new FloatTensor(name + ".shift", [channels], [.. Enumerable.Repeat((float)shift, channels)]), 0);
    }

    /// <summary>The constant that is broadcast over a value as one number for each of the value's channels.</summary>
    private float[] PerChannel(OnnxNode node, FloatTensor constant, OnnxView view)
    {
        var channels = ShapeOf(view).Channels;
        _folding.Spend(node.Name, channels);
        if (constant.Count == 1 && constant.Shape.Length <= view.Rank)
            return [.. Enumerable.Repeat(constant.Values[0], channels)];
        var (rank, extents) = (constant.Shape.Length, view.Shape);
        var strides = OnnxShapes.Strides(constant.Shape);
        var counted = new List<(int Dimension, int Stride)>();
        for (var i = 1; i <= rank; i++)
        {
            if (constant.Shape[^i] == 1)
                continue;
            var dimension = view.Rank - i;
            if (dimension < 0 || constant.Shape[^i] != extents[dimension] || !view.Dimensions[dimension].All(factor => factor.Axis == GraphAxis.Channel))
                throw Unsupported(node, $"a constant of shape [{string.Join(", ", constant.Shape)}] on {Text(view)}: one number per channel is");
            counted.Add((dimension, strides[^i]));
        }
        var values = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            var place = 0;
            foreach (var (dimension, stride) in counted)
            {
                var at = 0;
                foreach (var factor in view.Dimensions[dimension])
                    at = (at * factor.Extent) + (c / factor.Step % factor.Extent);
                place += at * stride;
            }
            values[c] = constant.Values[place];
        }
        return values;
    }

    private OnnxView Combined(OnnxNode node, string name, string type, OnnxView a, OnnxView b)
    {
        var (left, right) = Aligned(node, name, a, b);
        IReadOnlyList<IReadOnlyList<AxisFactor>> dimensions = [.. left.Dimensions.Zip(right.Dimensions, (one, other) => one.Count > 0 ? one : other)];
        Operator op = type switch
        {
            "Add" => new Add(),
            "Sub" => new Subtract(),
            "Mul" => new Multiply(GateOf(left.Node, right.Node)),
            "Div" => new Divide(),
            _ => new Extremum(type == "Max"),
        };
        return new OnnxView(_graph.Add(name, op, left.Node, right.Node), dimensions);
    }

    // Of two values of one size the one is a gate that a sigmoid has made, as in attention over positions.
    private int? GateOf(int a, int b)
    {
        var (shapeA, shapeB) = (_graph.Shape(a), _graph.Shape(b));
        if ((shapeA.Height, shapeA.Width) != (shapeB.Height, shapeB.Width))
            return null;
        var (isGateA, isGateB) = (_graph[a].Operator is Sigmoid or HardSigmoid or ChannelSoftmax, _graph[b].Operator is Sigmoid or HardSigmoid or ChannelSoftmax);
        return isGateA == isGateB ? null : isGateA ? 0 : 1;
    }

    /// <summary>Two values as views of one rank in which equal axes lie in equal dimensions; others are made so.</summary>
    private (OnnxView A, OnnxView B) Aligned(OnnxNode node, string name, OnnxView a, OnnxView b)
    {
        var rank = Math.Max(a.Rank, b.Rank);
        (a, b) = (Padded(a), Padded(b));
        if (!Meet(a, b))
            (a, b) = rank == 2 ? (Natural(AsVector(node, name, a)), Natural(AsVector(node, name, b))) : (Natural(AsMap(node, name, a)), Natural(AsMap(node, name, b)));
        if (ShapeOf(a).IsVector != ShapeOf(b).IsVector)
            (a, b) = (a.Of(Widened(name, a)), b.Of(Widened(name, b)));
        return Meet(a, b) ? (a, b) : throw Unsupported(node, $"{Text(a)} and {Text(b)}");

        OnnxView Padded(OnnxView view) => view with { Dimensions = [.. Enumerable.Repeat<IReadOnlyList<AxisFactor>>([], rank - view.Rank), .. view.Dimensions] };
    }

    private static bool Meet(OnnxView a, OnnxView b)
    {
        for (var i = 0; i < a.Rank; i++)
        {
            if (a.Dimensions[i].Count > 0 && b.Dimensions[i].Count > 0 && !a.Dimensions[i].SequenceEqual(b.Dimensions[i]))
                return false;
        }
        // An axis that both have must lie in the same dimensions, or their product would pair each position with each.
        return Enum.GetValues<GraphAxis>().All(axis => Where(a, axis) is var one && Where(b, axis) is var other && (one.Length == 0 || other.Length == 0 || one.SequenceEqual(other)));

        static int[] Where(OnnxView view, GraphAxis axis) =>
            [.. Enumerable.Range(0, view.Rank).Where(i => view.Dimensions[i].Any(factor => factor.Axis == axis))];
    }
}
