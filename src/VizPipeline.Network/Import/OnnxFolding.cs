using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import;

/// <summary>A constant of the graph: floats, or whole numbers with their shape.</summary>
internal sealed record OnnxConstant(int[] Shape, long[]? Longs, FloatTensor? Floats = null)
{
    public static OnnxConstant Of(OnnxTensor tensor) => new([.. tensor.Shape], tensor.Longs, tensor.Floats);

    public static OnnxConstant Vector(IEnumerable<long> values)
    {
        long[] all = [.. values];
        return new([all.Length], all);
    }
}

/// <summary>Computes chains of whole-number constants, with which exporters describe shapes.</summary>
internal static class OnnxFolding
{
    /// <summary>The node's value, or null where it is no such chain. <paramref name="input"/> gives constants (for Shape, the shape in Longs).</summary>
    public static OnnxConstant? Fold(OnnxNode node, Func<int, OnnxConstant?> input)
    {
        if (input(0) is not { } first)
            return null;
        if (node.OpType is "Identity" or "Cast" or "Dropout")
            return first;
        if (first.Longs is not { } values)
            return null;
        return node.OpType switch
        {
            "Shape" => OnnxConstant.Vector(values),
            "Unsqueeze" or "Squeeze" or "Reshape" or "Flatten" => first with { Shape = node.OpType == "Squeeze" && values.Length == 1 ? [] : [values.Length] },
            "Gather" => Gather(values, input(1)?.Longs, input(1)?.Shape),
            "Concat" => Concat(node, input),
            "Slice" => Slice(node, values, input),
            "Add" => Combine(values, input(1)?.Longs, (a, b) => a + b),
            "Sub" => Combine(values, input(1)?.Longs, (a, b) => a - b),
            "Mul" => Combine(values, input(1)?.Longs, (a, b) => a * b),
            "Div" => Combine(values, input(1)?.Longs, (a, b) => b == 0 ? 0 : a / b),
            "ReduceProd" => OnnxConstant.Vector([values.Aggregate(1L, (product, value) => product * value)]),
            _ => null,
        };
    }

    /// <summary>The shape that Reshape, Squeeze or Unsqueeze makes of <paramref name="from"/> (batch 1); null where it is not constant.</summary>
    public static long[]? ReshapedTo(OnnxNode node, long[] from, Func<int, OnnxConstant?> input)
    {
        if (node.OpType == "Reshape")
            return input(1)?.Longs is { } wanted ? Resolve(wanted, from) : null;
        var axes = node.GetInts("axes") ?? input(1)?.Longs;
        var shape = from.ToList();
        if (node.OpType == "Squeeze")
        {
            var gone = axes?.Select(axis => axis < 0 ? axis + from.Length : axis).ToHashSet() ?? [.. Enumerable.Range(1, from.Length - 1).Where(i => from[i] == 1).Select(i => (long)i)];
            return [.. from.Where((extent, i) => !(gone.Contains(i) && extent == 1))];
        }
        foreach (var axis in axes?.Order() ?? Enumerable.Empty<long>())
            shape.Insert((int)Math.Clamp(axis < 0 ? axis + shape.Count + 1 : axis, 0, shape.Count), 1);
        return [.. shape];
    }

    private static long[] Resolve(IReadOnlyList<long> wanted, long[] from)
    {
        long[] to = [.. wanted.Select((extent, i) => extent == 0 && i < from.Length ? from[i] : extent)];
        var open = Array.IndexOf(to, -1);
        if (open < 0)
            return to;
        // A leading -1 stands for the batch where the rest accounts for all values of one image.
        var known = to.Where(extent => extent > 0).Aggregate(1L, (product, extent) => product * extent);
        to[open] = known > 0 ? from.Aggregate(1L, (product, extent) => product * extent) / known : -1;
        return to;
    }

    private static OnnxConstant? Gather(long[] values, long[]? indices, int[]? shape)
    {
        if (indices is null || indices.Any(index => index < -values.Length || index >= values.Length))
            return null;
        return new OnnxConstant(shape!, [.. indices.Select(index => values[index < 0 ? index + values.Length : index])]);
    }

    private static OnnxConstant? Concat(OnnxNode node, Func<int, OnnxConstant?> input)
    {
        var parts = Enumerable.Range(0, node.Inputs.Count).Select(i => input(i)?.Longs).ToList();
        return parts.Contains(null) ? null : OnnxConstant.Vector(parts.SelectMany(part => part!));
    }

    private static OnnxConstant? Slice(OnnxNode node, long[] values, Func<int, OnnxConstant?> input)
    {
        var (start, end, step) = (node.GetInts("starts")?[0] ?? input(1)?.Longs?[0], node.GetInts("ends")?[0] ?? input(2)?.Longs?[0], input(4)?.Longs?[0] ?? 1);
        if (start is null || end is null || step != 1)
            return null;
        var (from, to) = (Bound(start.Value), Bound(end.Value));
        return OnnxConstant.Vector(from < to ? values[from..to] : []);

        int Bound(long position) => (int)Math.Clamp(position < 0 ? position + values.Length : position, 0, values.Length);
    }

    private static OnnxConstant? Combine(long[] a, long[]? b, Func<long, long, long> op)
    {
        if (b is null || (a.Length != b.Length && a.Length != 1 && b.Length != 1) || a.Length == 0 || b.Length == 0)
            return null;
        return OnnxConstant.Vector(Enumerable.Range(0, Math.Max(a.Length, b.Length)).Select(i => op(a[a.Length == 1 ? 0 : i], b[b.Length == 1 ? 0 : i])));
    }
}
