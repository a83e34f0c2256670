using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>An axis of a value of the graph.</summary>
internal enum GraphAxis
{
    Batch,
    Channel,
    Row,
    Column,
}

/// <summary>A part of an axis: <paramref name="Extent"/> positions, <paramref name="Step"/> apart. A whole axis has step 1; the batch has extent 1.</summary>
internal readonly record struct AxisFactor(GraphAxis Axis, int Step, int Extent);

/// <summary>
/// How a tensor of the file lies in a value of our graph: for each of its dimensions the axes, or parts of axes, that it counts, outermost
/// first. So transpositions and reshapes are followed on paper, as far as they undo each other, and cost nothing: a network that was
/// exported channels-last becomes the same graph as one that was exported channels-first.
/// </summary>
/// <param name="Node">The graph's node.</param>
/// <param name="Dimensions">For each dimension its factors; none for an extent of 1.</param>
internal sealed record OnnxView(int Node, IReadOnlyList<IReadOnlyList<AxisFactor>> Dimensions)
{
    private static readonly AxisFactor[] Batch = [new(GraphAxis.Batch, 1, 1)];

    /// <summary>[N, C, H, W] or [N, C], as the graph has it.</summary>
    public static OnnxView Natural(int node, Shape shape) =>
        new(node, shape.IsVector ? [Batch, Whole(GraphAxis.Channel, shape.Channels)] : [Batch, Whole(GraphAxis.Channel, shape.Channels), Whole(GraphAxis.Row, shape.Height), Whole(GraphAxis.Column, shape.Width)]);

    /// <summary>[N, H, W, C].</summary>
    public static OnnxView ChannelsLast(int node, Shape shape) => Natural(node, shape).Transposed([0, 2, 3, 1]);

    public static IReadOnlyList<AxisFactor> Whole(GraphAxis axis, int extent) => extent == 1 ? [] : [new(axis, 1, extent)];

    public int Rank => Dimensions.Count;

    /// <summary>Extents, with 1 for the batch.</summary>
    public int[] Shape => [.. Dimensions.Select(Extent)];

    /// <summary>Whether the first dimension is the batch and nothing else.</summary>
    public bool StartsWithBatch => Rank > 0 && Dimensions[0] is [{ Axis: GraphAxis.Batch }];

    public static int Extent(IReadOnlyList<AxisFactor> dimension) => dimension.Aggregate(1, (product, factor) => checked(product * factor.Extent));

    /// <summary>Whether a dimension counts exactly this axis of the given extent.</summary>
    public bool Is(int dimension, GraphAxis axis, int extent) => Dimensions[dimension].SequenceEqual(Whole(axis, extent));

    /// <summary>The same tensor of another node, whose axes have the same extents.</summary>
    public OnnxView Of(int node) => this with { Node = node };

    /// <summary>The same with one dimension counting something else.</summary>
    public OnnxView With(int dimension, IReadOnlyList<AxisFactor> factors) => this with { Dimensions = [.. Dimensions.Select((old, i) => i == dimension ? factors : old)] };

    /// <summary>Without a dimension.</summary>
    public OnnxView Without(int dimension) => this with { Dimensions = [.. Dimensions.Where((_, i) => i != dimension)] };

    public OnnxView Transposed(IReadOnlyList<int> order) => this with { Dimensions = [.. order.Select(axis => Dimensions[axis])] };

    /// <summary>The tensor in another shape of as many elements; null where a dimension would count parts that do not fit together.</summary>
    public OnnxView? Reshaped(int[] shape)
    {
        var rest = new LinkedList<AxisFactor>(Dimensions.SelectMany(dimension => dimension));
        var dimensions = new List<IReadOnlyList<AxisFactor>>();
        foreach (var extent in shape)
        {
            var (taken, left) = (new List<AxisFactor>(), extent);
            while (rest.First is { Value: var next } && (left > 1 || (next.Axis == GraphAxis.Batch && taken.Count == 0)))
            {
                rest.RemoveFirst();
                if (left % next.Extent == 0)
                {
                    taken.Add(next);
                    left /= next.Extent;
                    continue;
                }
                if (next.Extent % left != 0)
                    return null;
                var inner = next.Extent / left;
                taken.Add(new(next.Axis, next.Step * inner, left));
                rest.AddFirst(next with { Extent = inner });
                left = 1;
            }
            if (left != 1)
                return null;
            dimensions.Add(Joined(taken));
        }
        return rest.Count == 0 ? this with { Dimensions = dimensions } : null;
    }

    // Neighbouring parts of an axis that count on from each other are one part.
    private static List<AxisFactor> Joined(List<AxisFactor> factors)
    {
        var joined = new List<AxisFactor>();
        foreach (var factor in factors)
        {
            if (joined.Count > 0 && joined[^1] is var outer && outer.Axis == factor.Axis && factor.Axis != GraphAxis.Batch && outer.Step == factor.Step * factor.Extent)
                joined[^1] = factor with { Extent = outer.Extent * factor.Extent };
            else
                joined.Add(factor);
        }
        return joined;
    }

    /// <summary>
    /// For each position of the given dimensions together, row-major, the position in the node's own order of channels (and rows and
    /// columns, for a map). Null where they do not count all of it.
    /// </summary>
    public int[]? Places(Shape shape, Range dimensions)
    {
        AxisFactor[] factors = [.. Dimensions.Take(dimensions).SelectMany(dimension => dimension)];
        if (factors.Any(factor => factor.Axis == GraphAxis.Batch))
            return null;
        int[] strides = [.. factors.Select(factor => factor.Step * factor.Axis switch { GraphAxis.Channel => shape.Height * shape.Width, GraphAxis.Row => shape.Width, _ => 1 })];
        return OnnxShapes.Places([.. factors.Select(factor => factor.Extent)], strides, 0);
    }
}
