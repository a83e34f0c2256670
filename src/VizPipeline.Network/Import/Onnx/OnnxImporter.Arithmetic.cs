using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Elementwise operators: functions, arithmetic with constants, and arithmetic between computed values.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxView Elementwise(OnnxNode node, string name, Operator function)
    {
        var view = View(node, 0);
        return view.WithNode(_graph.Add(name, function, view.Node));
    }

    private OnnxView FastGelu(OnnxNode node, string name) =>
        IsGiven(node, 1) ? throw Unsupported(node, "a bias") : Elementwise(node, name, new Gelu(Approximate: true));

    private OnnxView PRelu(OnnxNode node, string name)
    {
        var (view, slopes) = (View(node, 0), Weight(node, 1));
        if (slopes.Count == 1)
            return Elementwise(node, name, new LeakyRelu(slopes.Values[0]));
        var perChannel = PerChannel(node, slopes, view);
        return Elementwise(node, name, new PRelu(new FloatTensor(slopes.Name, [perChannel.Length], perChannel)));
    }

    private OnnxView Negate(OnnxNode node, string name) => Elementwise(node, name, Uniform(name, View(node, 0), -1, 0));

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

    private OnnxView Arithmetic(OnnxNode node, string name)
    {
        if (node.OpType is "Add" or "Sub" or "Mul" or "Div" && node.Inputs.Count != 2)
            throw new GraphException(name, $"{node.OpType} takes two inputs but has {node.Inputs.Count}");
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
            result = result!.WithNode(_graph.Add(name + ".mean", Uniform(name, result, 1.0 / node.Inputs.Count, 0), result.Node));
        return result!;
    }

    private OnnxView WithConstant(OnnxNode node, string name, string type, OnnxView view, FloatTensor constant, bool constantFirst)
    {
        if (type is "Max" or "Min")
        {
            if (constant.Count != 1)
                throw Unsupported(node, $"a constant of shape [{string.Join(", ", constant.Shape)}]; it must be one number");
            var limit = constant.Values[0];
            var clip = type == "Max" ? new Clip(limit, double.PositiveInfinity) : new Clip(double.NegativeInfinity, limit);
            return view.WithNode(_graph.Add(name, clip, view.Node));
        }
        if (type == "Div" && constantFirst)
        {
            view = view.WithNode(_graph.Add(name + ".reciprocal", new Power(-1), view.Node));
            type = "Mul";
        }
        if (constant.Count > 1 && IsFlattened(view))
            view = Natural(AsVector(node, name, view));
        var perChannel = PerChannel(node, constant, view);
        if (type == "Add" && view.Node == _graph.Count - 1 && IsReadOnlyHere(view.Node)
            && _graph[view.Node].Operator.WithBias(new FloatTensor(constant.Name, [perChannel.Length], perChannel)) is { } biased)
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
        return view.WithNode(_graph.Add(name, affine, view.Node));
    }

    // Whether a vector value is held by a node that is still a map.
    private bool IsFlattened(OnnxView view) =>
        view.Rank == 2 && view.StartsWithBatch && ShapeOf(view) is { IsVector: false } shape && (shape.Height > 1 || shape.Width > 1);

    private ChannelAffine Uniform(string name, OnnxView view, double scale, double shift)
    {
        var channels = ShapeOf(view).Channels;
        return new ChannelAffine(
            new FloatTensor(name + ".scale", [channels], [.. Enumerable.Repeat((float)scale, channels)]),
            new FloatTensor(name + ".shift", [channels], [.. Enumerable.Repeat((float)shift, channels)]), 0);
    }

    /// <summary>Returns a broadcast constant as one number for each of the value's channels.</summary>
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
            if (dimension < 0
                || constant.Shape[^i] != extents[dimension] || !view.Dimensions[dimension].All(factor => factor.Axis == GraphAxis.Channel))
                throw Unsupported(
                    node, $"a constant of shape [{string.Join(", ", constant.Shape)}] on {Text(view)}; it must be one number per channel");
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
        IReadOnlyList<IReadOnlyList<AxisFactor>> dimensions = [.. left.Dimensions.Zip(
            right.Dimensions, (one, other) => one.Count > 0 ? one : other)];
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

    // Of two values of equal size, the one computed by a sigmoid is a gate, as in attention over positions.
    private int? GateOf(int a, int b)
    {
        var (shapeA, shapeB) = (_graph.Shape(a), _graph.Shape(b));
        if ((shapeA.Height, shapeA.Width) != (shapeB.Height, shapeB.Width))
            return null;
        var (isGateA, isGateB) = (_graph[a].Operator.MakesGate, _graph[b].Operator.MakesGate);
        return isGateA == isGateB ? null : isGateA ? 0 : 1;
    }

    /// <summary>Returns two values as views of the same rank with matching axes in the same dimensions, reordered if necessary.</summary>
    private (OnnxView A, OnnxView B) Aligned(OnnxNode node, string name, OnnxView a, OnnxView b)
    {
        var rank = Math.Max(a.Rank, b.Rank);
        (a, b) = (Padded(a), Padded(b));
        if (!Meet(a, b))
            (a, b) = rank == 2
                ? (Natural(AsVector(node, name, a)), Natural(AsVector(node, name, b)))
                : (Natural(AsMap(node, name, a)), Natural(AsMap(node, name, b)));
        if (ShapeOf(a).IsVector != ShapeOf(b).IsVector)
            (a, b) = (a.WithNode(Widened(name, a)), b.WithNode(Widened(name, b)));
        return Meet(a, b) ? (a, b) : throw Unsupported(node, $"{Text(a)} and {Text(b)}");

        OnnxView Padded(OnnxView view) =>
            view with { Dimensions = [.. Enumerable.Repeat<IReadOnlyList<AxisFactor>>([], rank - view.Rank), .. view.Dimensions] };
    }

    private static bool Meet(OnnxView a, OnnxView b)
    {
        for (var i = 0; i < a.Rank; i++)
        {
            if (a.Dimensions[i].Count > 0 && b.Dimensions[i].Count > 0 && !a.Dimensions[i].SequenceEqual(b.Dimensions[i]))
                return false;
        }
        // An axis that both have must be in the same dimensions; otherwise their product would pair each position with every other.
        return Enum.GetValues<GraphAxis>()
            .All(axis =>
            Where(a, axis) is var one && Where(b, axis) is var other && (one.Length == 0 || other.Length == 0 || one.SequenceEqual(other)));

        static int[] Where(OnnxView view, GraphAxis axis) =>
            [.. Enumerable.Range(0, view.Rank).Where(i => view.Dimensions[i].Any(factor => factor.Axis == axis))];
    }
}
