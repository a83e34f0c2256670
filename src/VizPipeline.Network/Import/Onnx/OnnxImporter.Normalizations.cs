using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Normalisations, and quantisation, which only clips the values of a float network.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxView BatchNormalization(OnnxNode node, string name)
    {
        if (node.GetInt("training_mode", 0) != 0)
            throw Unsupported(node, "training_mode; export the network in inference mode");
        if (node.GetInt("spatial", 1) == 0)
            throw Unsupported(node, "statistics per position (spatial 0)");
        var view = View(node, 0);
        if (!IsChannels(view, 1))
            view = Natural(view.Rank == 2 ? AsVector(node, name, view) : AsMap(node, name, view));
        var norm = ChannelAffine.BatchNorm(
            name, Weight(node, 1), Weight(node, 2), Weight(node, 3), Weight(node, 4), node.GetFloat("epsilon", 1e-5f));
        return view.WithNode(_graph.Add(name, norm, view.Node));
    }

    private OnnxView Dropout(OnnxNode node, string name) => Number(node, 2) is not (null or 0)
        ? throw Unsupported(node, "training_mode; export the network in inference mode") : View(node, 0);

    private OnnxView InstanceNormalization(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (view.Rank < 3 || !view.StartsWithBatch)
            throw Unsupported(node, Text(view));
        return Normalized(
            node, name, view, [.. Enumerable.Range(2, view.Rank - 2)], node.GetFloat("epsilon", 1e-5f), (Weight(node, 1), 1),
            (Weight(node, 2), 1));
    }

    private OnnxView LayerNormalization(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (OnnxShapes.Axis(node.GetInt("axis", -1), view.Rank) is not { } axis)
            throw new GraphException(name, $"there is no axis {node.GetInt("axis", -1)} in its input");
        (FloatTensor, int)? shift = OptionalWeight(node, 2) is { } bias ? (bias, axis) : null;
        return Normalized(
            node, name, view, [.. Enumerable.Range(axis, view.Rank - axis)], node.GetFloat("epsilon", 1e-5f), (Weight(node, 1), axis),
            shift);
    }

    private OnnxView GroupNormalization(OnnxNode node, string name)
    {
        var x = AsMap(node, name, View(node, 0));
        var (groups, channels) = (node.GetInt("num_groups", 0), _graph.Shape(x).Channels);
        if (groups < 1 || groups > channels || channels % groups != 0)
            throw new GraphException(name, $"{channels} channels do not divide into {groups} groups");
        return Natural(_graph.Add(name, new GroupNorm((int)groups, PerChannel(1), PerChannel(2), node.GetFloat("epsilon", 1e-5f)), x));

        // Before operator set 21 there is one number per group.
        FloatTensor PerChannel(int input)
        {
            var values = Weight(node, input);
            return values.Count == groups && groups != channels
                ? new FloatTensor(
                    values.Name, [channels], [.. Enumerable.Range(0, channels).Select(c => values.Values[c / (channels / (int)groups)])])
                    : values;
        }
    }

    private OnnxView NormalizeAxes(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var named = node.GetInts("axes") ?? [0, 2, 3];
        var axes = OnnxShapes.Axes(named, view.Rank)
            ?? throw new GraphException(name, $"the axes [{string.Join(", ", named)}] do not exist in its input");
        return Normalized(node, name, view, axes, node.GetFloat("epsilon", 1e-9f), null, null);
    }

    /// <summary>Adds a normalisation over some dimensions, with scales and shifts that start at a given dimension.</summary>
    private OnnxView Normalized(
        OnnxNode node, string name, OnnxView view, int[] axes, double epsilon, (FloatTensor Values, int Dimension)? scale,
        (FloatTensor Values, int Dimension)? shift)
    {
        if (axes is [1] && IsFlattened(view))
            view = Natural(AsVector(node, name, view));
        var (shape, together) = (ShapeOf(view), axes.SelectMany(axis => view.Dimensions[axis]).ToList());
        var (gamma, beta) = (Learned(scale, 1), Learned(shift, 0));
        var kept = shape.Channels / Extent(GraphAxis.Channel);
        var hasMap = Extent(GraphAxis.Row) == shape.Height && Extent(GraphAxis.Column) == shape.Width;
        if (together.Any(factor => factor.Axis == GraphAxis.Batch) || !IsInner())
            throw Unsupported(node, $"axes [{string.Join(", ", axes)}] of {Text(view)}");
        if (kept == 1 && together.All(factor => factor.Axis == GraphAxis.Channel))
            return view.WithNode(_graph.Add(name, new LayerNorm(gamma, beta, epsilon), view.Node));
        return hasMap
            ? view.WithNode(_graph.Add(name, new GroupNorm(kept, gamma, beta, epsilon), view.Node))
            : throw Unsupported(node, $"axes [{string.Join(", ", axes)}] of {Text(view)}");

        int Extent(GraphAxis axis) =>
            together.Where(factor => factor.Axis == axis).Aggregate(1, (product, factor) => product * factor.Extent);

        // A group consists of consecutive channels.
        bool IsInner() =>
            together.Where(factor => factor.Axis == GraphAxis.Channel)
            .Aggregate(1, (product, factor) => product * factor.Extent) is var inner
            && together.Where(factor => factor.Axis == GraphAxis.Channel).All(factor => factor.Step * factor.Extent <= inner);

        FloatTensor? Learned((FloatTensor Values, int Dimension)? learned, float neutral)
        {
            if (learned is not var (values, dimension) || Array.TrueForAll(values.Values, value => value == neutral))
                return null;
            int[] spread = [.. values.Shape, .. Enumerable.Repeat(1, Math.Max(0, view.Rank - dimension - values.Shape.Length))];
            var perChannel = PerChannel(node, values.With(shape: spread), view);
            return new FloatTensor(values.Name, [perChannel.Length], perChannel);
        }
    }

    private OnnxView Softmax(OnnxNode node, string name) => AtTheEnd(node) ? View(node, 0) : SoftmaxOverChannels(node, name);

    // What is ranked at the end are the logits.
    private OnnxView[] Ranked(OnnxNode node)
        => node.Outputs.All(output => _readers[output].All(reader => reader.OpType is "Identity" or "Cast" && AtTheEnd(reader)))
            ? [.. node.Outputs.Select(_ => View(node, 0))] : throw Unsupported(node, "operators after it");

    private OnnxView LogSoftmax(OnnxNode node, string name) =>
        AtTheEnd(node) ? View(node, 0) : throw Unsupported(node, "operators after it");

    private OnnxView SoftmaxOverChannels(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var given = node.GetInt("axis", Opset < 13 ? 1 : -1);
        if (OnnxShapes.Axis(given, view.Rank) is not { } axis || view.Dimensions[axis] is not [{ Axis: GraphAxis.Channel } part]
            || (Opset < 13 && view.Dimensions.Skip(axis + 1).Any(factors => factors.Count > 0)))
        {
            throw Unsupported(node, $"axis {given} of {Text(view)} and operators after it");
        }
        return view.WithNode(_graph.Add(name, new ChannelSoftmax(part.Step, part.Extent), view.Node));
    }

    private OnnxView LocalResponse(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (!IsChannels(view, 1))
            view = Natural(AsMap(node, name, view));
        var size = node.GetInt("size", 0) is var given and >= 1 and <= 1 << 16
            ? (int)given
            : throw Unsupported(node, $"size {node.GetInt("size", 0)}");
        return view.WithNode(
            _graph.Add(name,
            new LocalResponseNorm(size, node.GetFloat("alpha", 1e-4f), node.GetFloat("beta", 0.75f), node.GetFloat("bias", 1)), view.Node));
    }

    /// <summary>
    /// Replaces codes by the values that they decode to. Rounding is left out, because no signal could be propagated back through it. What
    /// remains is the clipping to the codes' range, which also stands for a ReLU that the quantiser dropped because its codes start at
    /// zero.
    /// </summary>
    private OnnxView QuantizeLinear(OnnxNode node, string name)
    {
        var (scale, zero) = Quantisation(node);
        if (OnnxQuantization.Range(OnnxQuantization.CodeType(node, Constant(node, 2))) is not (var low, var high))
        {
            throw Unsupported(
                node,
                "codes of type "
                + $"{(Constant(node, 2)?.Type is { } type ? type.ToString() : OnnxTypes.NameOf(node.GetInt("output_dtype", 0)))}; "
                + "quantise to integers of 8 or 16 bits");
        }
        _quantised[node.Outputs[0]] = (scale, zero);
        var (min, max) = ((low - zero) * scale, (high - zero) * scale);
        return Elementwise(node, name, low == zero ? new Clip(min, max) : new Saturation(min, max));
    }

    private OnnxView DequantizeLinear(OnnxNode node, string name)
    {
        if (!_quantised.TryGetValue(node.Inputs[0], out var made))
            throw Unsupported(node, "integers that no QuantizeLinear produced");
        return made == Quantisation(node)
            ? View(node, 0)
            : throw Unsupported(node, "a scale or zero point that differs from that of its QuantizeLinear");
    }

    private (double Scale, long Zero) Quantisation(OnnxNode node)
    {
        var scale = Number(node, 1) is { } given && given > 0 && double.IsFinite(given)
            ? given
            : throw Unsupported(node, "a scale that is not one positive number");
        return (scale, Constant(node, 2) is not { } zero
            ? 0
            : zero.Longs is [var only] ? only : throw Unsupported(node, "a zero point that is not one integer"));
    }

    // Operators that only move codes keep them as codes.
    private void Requantise(OnnxNode node, string name)
    {
        if (node.OpType is not ("MaxPool" or "Reshape" or "Transpose" or "Flatten"
            or "Squeeze" or "Unsqueeze" or "Identity" or "Slice" or "Gather"))
        {
            throw new OperatorNotSupportedException(
                name, node.OpType, "integer arithmetic; quantise the network in the QDQ format instead, or export it in float32");
        }
        _quantised[node.Outputs[0]] = _quantised[node.Inputs[0]];
    }
}
