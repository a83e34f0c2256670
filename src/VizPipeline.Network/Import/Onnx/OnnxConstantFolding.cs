using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>
/// Computes nodes that read only constants: the chains with which exporters describe shapes, and weights that are prepared or dequantised.
/// The total size of the results is bounded by the file's own constants (plus a small allowance for shapes).
/// </summary>
/// <param name="fileElements">Number of elements of all constants in the file.</param>
internal sealed class OnnxConstantFolding(long fileElements)
{
    private const long SmallSum = 1 << 22;
    private const int DeepestRank = 16;

    private long _left = (fileElements * 8) + SmallSum;

    /// <summary>Charges elements against what may still be allocated.</summary>
    /// <exception cref="GraphException">The remaining allowance is too small.</exception>
    public void Spend(string node, long elements)
    {
        if (elements > _left)
            throw new GraphException(node, "the constants that it computes are far larger than the file's own");
        _left -= elements;
    }

    /// <summary>Returns the values that the node computes, or null if they cannot be computed.</summary>
    public OnnxConstant[]? Fold(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (node.Domain.Length > 0 && node.Domain != "com.microsoft")
            return null;
        var name = node.Outputs.Count > 0 ? node.Outputs[0] : node.OpType;
        if (node.OpType == "ConstantOfShape")
            return One(Filled(node, inputs));
        if (node.OpType == "Range")
            return One(Range(node, inputs));
        if (inputs.Count == 0 || inputs[0] is not { } first || first.Shape.Length > DeepestRank)
            return null;
        Spend(node.Name, first.Count);
        return node.OpType switch
        {
            "Split" => Split(node, first, inputs),
            "Identity" or "Dropout" => One(first),
            "Cast" => One(Cast(first, node.GetInt("to", 1), name)),
            "CastLike" => One(first),
            "Shape" => One(ShapeOf(node, first.Shape)),
            "Size" => One(new OnnxConstant([], [first.Count])),
            "Reshape" =>
                inputs.ElementAtOrDefault(1)?.Longs is { } to
                ? One(Reshaped(first, OnnxShapes.Reshape(to, first.Shape, node.GetInt("allowzero", 0) != 0))) : null,
            "Squeeze" => One(Reshaped(first, OnnxShapes.Squeeze(AxesOf(node, inputs), first.Shape, keepFirst: false))),
            "Unsqueeze" => AxesOf(node, inputs) is { } axes ? One(Reshaped(first, OnnxShapes.Unsqueeze(axes, first.Shape))) : null,
            "Flatten" => One(Reshaped(first, Flattened(node, first.Shape))),
            "Transpose" => One(Transpose(node, first)),
            "Gather" => One(Gather(node, first, inputs.ElementAtOrDefault(1))),
            "Slice" => One(Slice(node, first, inputs)),
            "Concat" => One(Concat(node, inputs)),
            "Expand" => One(Expand(node, first, inputs.ElementAtOrDefault(1))),
            "Tile" => One(Tile(node, first, inputs.ElementAtOrDefault(1))),
            "Where" => One(Where(node, first, inputs.ElementAtOrDefault(1), inputs.ElementAtOrDefault(2), name)),
            "Clip" => One(OnnxConstantMath.Clip(node, first, inputs, name)),
            "DequantizeLinear" => One(OnnxQuantization.Dequantize(node, first, inputs)),
            "QuantizeLinear" => One(OnnxQuantization.Quantize(node, first, inputs)),
            _ when node.OpType.StartsWith("Reduce", StringComparison.Ordinal) =>
                One(OnnxConstantMath.Reduce(node, first, AxesOf(node, inputs), name)),
            _ when inputs.Count == 1 => One(OnnxConstantMath.Apply(node.OpType, first, name)),
            _ => One(Combine(node, inputs, name)),
        };
    }

    /// <summary>Returns a shape as a constant; from opset 15 on, possibly a part of it.</summary>
    public static OnnxConstant ShapeOf(OnnxNode node, int[] shape)
    {
        var (start, end) = (node.GetInt("start", 0), node.GetInt("end", long.MaxValue));
        var (from, _, count) = OnnxShapes.Slice(start, end, 1, shape.Length)!.Value;
        return OnnxConstant.Vector(shape.Skip(from).Take(count).Select(extent => (long)extent));
    }

    /// <summary>Returns the axes from the attribute or the second input; null if neither exists.</summary>
    public static IReadOnlyList<long>? AxesOf(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs) =>
        node.GetInts("axes") ?? inputs.ElementAtOrDefault(1)?.Longs;

    private static OnnxConstant[]? One(OnnxConstant? value) => value is null ? null : [value];

    private static OnnxConstant? Reshaped(OnnxConstant value, int[]? shape) => shape is null ? null : value.Reshaped(shape);

    private static int[]? Flattened(OnnxNode node, int[] shape)
    {
        var axis = node.GetInt("axis", 1);
        return axis < -shape.Length || axis > shape.Length ? null : OnnxShapes.Reshape(
            [shape[..(int)(axis < 0 ? axis + shape.Length : axis)].Aggregate(1L, (product, extent) => product * extent), -1], shape);
    }

    private static OnnxConstant Cast(OnnxConstant value, long to, string name)
    {
        var toFloat = to is 1 or 10 or 11 or 16;
        if (toFloat)
        {
            return value.Floats is not null
                ? value : OnnxConstant.From(name, value.Shape, [.. value.Longs!.Select(number => (float)number)]);
        }
        long[] longs = value.Longs ?? [.. value.Floats!.Values.Select(number => (long)number)];
        return new(value.Shape, to == 9
            ? [.. longs.Select(number => number == 0 ? 0L : 1L)] : longs, null, OnnxTypes.Find((int)Math.Clamp(to, 0, 100)));
    }

    private OnnxConstant? Filled(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (inputs.ElementAtOrDefault(0)?.Longs is not { Length: <= DeepestRank } shape
            || shape.Any(extent => extent is < 0 or > int.MaxValue))
            return null;
        int[] extents = [.. shape.Select(extent => (int)extent)];
        var value = node.GetTensor("value") is { } tensor ? OnnxConstant.From(tensor) : OnnxConstant.From(node.Outputs[0], [1], [0]);
        if (value.Count != 1 || OnnxShapes.Count(extents) is not { } count)
            return null;
        Spend(node.Name, count);
        return value.Pick(extents, new int[count]);
    }

    private OnnxConstant? Range(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (inputs.Count < 3
            || inputs[0]?.Scalar is not { } start || inputs[1]?.Scalar is not { } limit || inputs[2]?.Scalar is not { } step || step == 0)
            return null;
        var count = Math.Max(0, Math.Ceiling((limit - start) / step));
        if (!(count < SmallSum))
            return null;
        Spend(node.Name, (long)count);
        double[] values = [.. Enumerable.Range(0, (int)count).Select(i => start + (i * step))];
        return inputs[0]!.Longs is not null
            ? OnnxConstant.Vector(values.Select(value => (long)value))
                : OnnxConstant.From(node.Outputs[0], [values.Length], [.. values.Select(value => (float)value)]);
    }

    private static OnnxConstant? Transpose(OnnxNode node, OnnxConstant value)
    {
        var rank = value.Shape.Length;
        int[]? order = node.GetInts("perm") is { } perm ? OnnxShapes.Axes(perm, rank) : [.. Enumerable.Range(0, rank).Reverse()];
        if (order is null || order.Length != rank)
            return null;
        var strides = OnnxShapes.Strides(value.Shape);
        int[] shape = [.. order.Select(axis => value.Shape[axis])];
        return value.Pick(shape, OnnxShapes.Places(shape, [.. order.Select(axis => strides[axis])], 0));
    }

    private OnnxConstant? Gather(OnnxNode node, OnnxConstant value, OnnxConstant? indices)
    {
        if (indices?.Longs is not { } wanted || OnnxShapes.Axis(node.GetInt("axis", 0), value.Shape.Length) is not { } axis)
            return null;
        var extent = value.Shape[axis];
        if (wanted.Any(index => index < -extent || index >= extent))
            return null;
        int[] chosen = [.. wanted.Select(index => (int)(index < 0 ? index + extent : index))];
        int[] shape = [.. value.Shape[..axis], .. indices.Shape, .. value.Shape[(axis + 1)..]];
        return Choose(node, value, axis, chosen) is { } picked ? picked.Reshaped(shape) : null;
    }

    private OnnxConstant? Choose(OnnxNode node, OnnxConstant value, int axis, int[] chosen)
    {
        var inner = value.Shape[(axis + 1)..].Aggregate(1, (product, extent) => product * extent);
        var (extent, outer) = (value.Shape[axis], value.Shape[..axis].Aggregate(1, (product, length) => product * length));
        int[] shape = [.. value.Shape[..axis], chosen.Length, .. value.Shape[(axis + 1)..]];
        if (OnnxShapes.Count(shape) is not { } count)
            return null;
        Spend(node.Name, count);
        var (places, at) = (new int[count], 0);
        for (var o = 0; o < outer; o++)
        {
            foreach (var index in chosen)
            {
                for (var i = 0; i < inner; i++)
                    places[at++] = (((o * extent) + index) * inner) + i;
            }
        }
        return value.Pick(shape, places);
    }

    private OnnxConstant? Slice(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (SlicesOf(node, inputs, value.Shape) is not { } slices)
            return null;
        foreach (var (axis, (start, step, count)) in slices)
        {
            if (Choose(node, value, axis, [.. Enumerable.Range(0, count).Select(i => start + (i * step))]) is not { } part)
                return null;
            value = part;
        }
        return value;
    }

    /// <summary>Returns the part of each axis that a Slice node takes; null if it is not constant or invalid.</summary>
    public static IReadOnlyList<(int Axis, (int Start, int Step, int Count) Part)>? SlicesOf(
        OnnxNode node, IReadOnlyList<OnnxConstant?> inputs, int[] shape)
    {
        var (starts, ends) = (node.GetInts("starts")
            ?? inputs.ElementAtOrDefault(1)?.Longs, node.GetInts("ends") ?? inputs.ElementAtOrDefault(2)?.Longs);
        if (starts is null || ends is null || starts.Count != ends.Count || starts.Count > shape.Length)
            return null;
        IReadOnlyList<long> named = node.GetInts("axes")
            ?? inputs.ElementAtOrDefault(3)?.Longs ?? [.. Enumerable.Range(0, starts.Count).Select(axis => (long)axis)];
        var steps = inputs.ElementAtOrDefault(4)?.Longs;
        if (OnnxShapes.Axes(named, shape.Length) is not { } axes
            || axes.Length != starts.Count || (steps is not null && steps.Length != starts.Count))
            return null;
        var slices = new List<(int, (int, int, int))>();
        for (var i = 0; i < axes.Length; i++)
        {
            if (OnnxShapes.Slice(starts[i], ends[i], steps?[i] ?? 1, shape[axes[i]]) is not { } part)
                return null;
            slices.Add((axes[i], part));
        }
        return slices;
    }

    private OnnxConstant[]? Split(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (PartsOf(node, inputs, value.Shape) is not (var axis, var parts))
            return null;
        var (result, first) = (new List<OnnxConstant>(), 0);
        foreach (var part in parts)
        {
            if (Choose(node, value, axis, [.. Enumerable.Range(first, part)]) is not { } chosen)
                return null;
            result.Add(chosen);
            first += part;
        }
        return [.. result];
    }

    /// <summary>Returns the axis of a Split node and the lengths of its parts; null if they are invalid.</summary>
    public static (int Axis, int[] Parts)? PartsOf(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs, int[] shape)
    {
        if (OnnxShapes.Axis(node.GetInt("axis", 0), shape.Length) is not { } axis || node.Outputs.Count == 0)
            return null;
        var (extent, count) = (shape[axis], node.Outputs.Count);
        var given = node.GetInts("split") ?? inputs.ElementAtOrDefault(1)?.Longs;
        if (given is null)
        {
            var each = (extent + count - 1) / count;
            given = [.. Enumerable.Range(0, count).Select(i => (long)Math.Clamp(extent - (i * (long)each), 0, each))];
        }
        return given.Count == count
            && given.All(part => part >= 0 && part <= extent)
            && given.Sum() == extent ? (axis, [.. given.Select(part => (int)part)]) : null;
    }

    private OnnxConstant? Concat(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (inputs.Contains(null) || OnnxShapes.Axis(node.GetInt("axis", 0), inputs[0]!.Shape.Length) is not { } axis)
            return null;
        var first = inputs[0]!;
        if (inputs.Any(
            part => part!.Shape.Length != first.Shape.Length
            || part.Longs is null != first.Longs is null || part.Shape.Where((extent, i) => i != axis && extent != first.Shape[i]).Any()))
            return null;
        int[] shape = [.. first.Shape];
        var total = inputs.Sum(part => (long)part!.Shape[axis]);
        if (total > int.MaxValue)
            return null;
        shape[axis] = (int)total;
        if (OnnxShapes.Count(shape) is not { } count)
            return null;
        Spend(node.Name, count);
        var outer = shape[..axis].Aggregate(1, (product, extent) => product * extent);
        var (longs, floats, at) = (first.Longs is null ? null : new long[count], first.Longs is null ? new float[count] : null, 0);
        for (var o = 0; o < outer; o++)
        {
            foreach (var part in inputs)
            {
                var each = part!.Count / outer;
                if (longs is not null)
                    Array.Copy(part.Longs!, o * each, longs, at, each);
                else
                    Array.Copy(part.Floats!.Values, o * each, floats!, at, each);
                at += each;
            }
        }
        return new(shape, longs, floats is null ? null : new FloatTensor(node.Outputs[0], shape, floats), first.Type);
    }

    private OnnxConstant? Expand(OnnxNode node, OnnxConstant value, OnnxConstant? to)
    {
        if (to?.Longs is not { Length: <= DeepestRank } wanted || wanted.Any(extent => extent is < 0 or > int.MaxValue)
            || OnnxShapes.Broadcast(value.Shape, [.. wanted.Select(extent => (int)extent)]) is not { } shape
                || OnnxShapes.Count(shape) is not { } count)
        {
            return null;
        }
        Spend(node.Name, count);
        return value.Pick(shape, OnnxShapes.BroadcastPlaces(value.Shape, shape));
    }

    private OnnxConstant? Tile(OnnxNode node, OnnxConstant value, OnnxConstant? repeats)
    {
        if (repeats?.Longs is not { } times || times.Length != value.Shape.Length || times.Any(time => time is < 0 or > 1 << 20))
            return null;
        for (var axis = 0; axis < times.Length; axis++)
        {
            var extent = value.Shape[axis];
            if (times[axis] * extent > SmallSum
                || Choose(node, value, axis, [.. Enumerable.Range(0, (int)times[axis] * extent).Select(i => i % extent)]) is not { } tiled)
                return null;
            value = tiled;
        }
        return value;
    }

    private OnnxConstant? Where(OnnxNode node, OnnxConstant condition, OnnxConstant? yes, OnnxConstant? no, string name)
    {
        if (yes is null || no is null || yes.Longs is null != no.Longs is null || condition.Longs is null
            || OnnxShapes.Broadcast(yes.Shape, no.Shape) is not { } both
                || OnnxShapes.Broadcast(both, condition.Shape) is not { } shape || OnnxShapes.Count(shape) is not { } count)
        {
            return null;
        }
        Spend(node.Name, count);
        var (c, y, n) = (OnnxShapes.BroadcastPlaces(
            condition.Shape, shape), OnnxShapes.BroadcastPlaces(yes.Shape, shape), OnnxShapes.BroadcastPlaces(no.Shape, shape));
        return yes.Longs is not null
            ? new(shape, [.. Enumerable.Range(0, count).Select(i => condition.Longs[c[i]] != 0 ? yes.Longs[y[i]] : no.Longs![n[i]])])
            : OnnxConstant.From(name, shape, [.. Enumerable.Range(0, count).Select(
                i => condition.Longs[c[i]] != 0 ? yes.Floats!.Values[y[i]] : no.Floats!.Values[n[i]])]);
    }

    private OnnxConstant? Combine(OnnxNode node, IReadOnlyList<OnnxConstant?> inputs, string name)
    {
        var result = inputs[0];
        foreach (var next in inputs.Skip(1))
        {
            if (result is null || next is null || next.Shape.Length > DeepestRank
                || OnnxShapes.Broadcast(result.Shape, next.Shape) is not { } shape || OnnxShapes.Count(shape) is not { } count)
                return null;
            Spend(node.Name, count);
            result = OnnxConstantMath.Combine(node.OpType, result, next, shape, name);
        }
        return result;
    }
}
