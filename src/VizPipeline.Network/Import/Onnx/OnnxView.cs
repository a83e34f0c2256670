using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>An axis of a value in the graph.</summary>
internal enum GraphAxis
{
    Batch,
    Channel,
    Row,
    Column,
}

/// <summary>
/// A part of an axis: <paramref name="Extent"/> positions, <paramref name="Step"/> apart. A whole axis has step 1; the batch has extent 1.
/// </summary>
internal readonly record struct AxisFactor(GraphAxis Axis, int Step, int Extent);

/// <summary>
/// Describes how a tensor of the file is laid out in a value of our graph: for each dimension, the axes or parts of axes that it consists
/// of, outermost first. Transpositions and reshapes that cancel out are thus tracked symbolically and cost nothing: a network that was
/// exported channels-last becomes the same graph as one that was exported channels-first.
/// </summary>
/// <param name="Node">Index of the graph's node.</param>
/// <param name="Dimensions">For each dimension its factors; no factors for an extent of 1.</param>
internal sealed record OnnxView(int Node, IReadOnlyList<IReadOnlyList<AxisFactor>> Dimensions)
{
    private static readonly AxisFactor[] Batch = [new(GraphAxis.Batch, 1, 1)];

    /// <summary>Creates the view [N, C, H, W] or [N, C], the graph's own layout.</summary>
    public static OnnxView Natural(int node, Shape shape) =>
        new(node, shape.IsVector
            ? [Batch, Whole(GraphAxis.Channel, shape.Channels)]
            : [Batch, Whole(GraphAxis.Channel, shape.Channels), Whole(GraphAxis.Row, shape.Height), Whole(GraphAxis.Column, shape.Width)]);

    /// <summary>Creates the view [N, H, W, C].</summary>
    public static OnnxView ChannelsLast(int node, Shape shape) => Natural(node, shape).Transposed([0, 2, 3, 1]);

    public static IReadOnlyList<AxisFactor> Whole(GraphAxis axis, int extent) => extent == 1 ? [] : [new(axis, 1, extent)];

    public int Rank => Dimensions.Count;

    /// <summary>Extents; the batch counts as 1.</summary>
    public int[] Shape => [.. Dimensions.Select(Extent)];

    /// <summary>Whether the first dimension is exactly the batch.</summary>
    public bool StartsWithBatch => Rank > 0 && Dimensions[0] is [{ Axis: GraphAxis.Batch }];

    public static int Extent(IReadOnlyList<AxisFactor> dimension) =>
        dimension.Aggregate(1, (product, factor) => checked(product * factor.Extent));

    /// <summary>Returns whether a dimension is exactly this axis with the given extent.</summary>
    public bool Is(int dimension, GraphAxis axis, int extent) => Dimensions[dimension].SequenceEqual(Whole(axis, extent));

    /// <summary>Returns the same view of another node whose axes have the same extents.</summary>
    public OnnxView WithNode(int node) => this with { Node = node };

    /// <summary>Returns the view with the factors of one dimension replaced.</summary>
    public OnnxView With(int dimension, IReadOnlyList<AxisFactor> factors) =>
        this with { Dimensions = [.. Dimensions.Select((old, i) => i == dimension ? factors : old)] };

    /// <summary>Returns the view without a dimension.</summary>
    public OnnxView Without(int dimension) => this with { Dimensions = [.. Dimensions.Where((_, i) => i != dimension)] };

    public OnnxView Transposed(IReadOnlyList<int> order) => this with { Dimensions = [.. order.Select(axis => Dimensions[axis])] };

    /// <summary>Returns the tensor in another shape with as many elements; null if a dimension would mix incompatible parts.</summary>
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

    // Adjacent parts of an axis that continue each other are merged into one.
    private static List<AxisFactor> Joined(List<AxisFactor> factors)
    {
        var joined = new List<AxisFactor>();
        foreach (var factor in factors)
        {
            if (joined.Count > 0
                && joined[^1] is var outer
                && outer.Axis == factor.Axis && factor.Axis != GraphAxis.Batch && outer.Step == factor.Step * factor.Extent)
                joined[^1] = factor with { Extent = outer.Extent * factor.Extent };
            else
                joined.Add(factor);
        }
        return joined;
    }

    /// <summary>
    /// Returns, for each position of the given dimensions together in row-major order, its position in the node's own order of channels
    /// (and rows and columns for a map). Null if the dimensions do not cover all of it.
    /// </summary>
    public int[]? Places(Shape shape, Range dimensions)
    {
        AxisFactor[] factors = [.. Dimensions.Take(dimensions).SelectMany(dimension => dimension)];
        if (factors.Any(factor => factor.Axis == GraphAxis.Batch))
            return null;
        int[] strides = [.. factors.Select(
            factor => factor.Step
            * factor.Axis switch { GraphAxis.Channel => shape.Height * shape.Width, GraphAxis.Row => shape.Width, _ => 1 })];
        return OnnxShapes.Places([.. factors.Select(factor => factor.Extent)], strides, 0);
    }
}
