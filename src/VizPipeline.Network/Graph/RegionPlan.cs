using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>
/// The positions of a node's map, along one axis, that position p of the target needs: [Start + p * Stride, ... + Size),
/// which may reach outside the map where the network pads.
/// </summary>
public readonly record struct ExtentAxis(int Size, int Stride, int Start)
{
    /// <summary>The input positions that a window needs to make these output positions.</summary>
    public ExtentAxis Through(WindowAxis window) => new(
        checked(((Size - 1) * window.Stride) + window.Span),
        checked(Stride * window.Stride),
        checked((Start * window.Stride) - window.PadBefore));

    /// <summary>The smallest extent that holds both; null where they step differently, which no fixed size can follow.</summary>
    public ExtentAxis? Union(ExtentAxis other)
    {
        if (Stride != other.Stride)
            return null;
        var start = Math.Min(Start, other.Start);
        return new ExtentAxis(Math.Max(Start + Size, other.Start + other.Size) - start, Stride, start);
    }
}

/// <summary>What the target needs of one node: a region around its position, or all of the map (both axes null).</summary>
public sealed record Extent(ExtentAxis Y, ExtentAxis X)
{
    /// <summary>Smallest extent that holds both, or null (all of the map) where there is none of fixed size.</summary>
    public Extent? Union(Extent other) =>
        Y.Union(other.Y) is { } y && X.Union(other.X) is { } x ? new Extent(y, x) : null;

    /// <summary>Needed positions per map.</summary>
    public long Area => (long)Y.Size * X.Size;
}

/// <summary>
/// What a target node's position needs of every node below it. Down to the cut, nodes are computed on regions of one
/// fixed size around each sample's position; below it, where a region would be nearly the whole map, on whole maps.
/// </summary>
public sealed class RegionPlan
{
    private readonly Extent?[] _extents;
    private readonly bool[] _needed;

    private RegionPlan(NetworkGraph graph, int target, Extent?[] extents, bool[] needed)
    {
        (Graph, Target, _extents, _needed) = (graph, target, extents, needed);
        IsWhole = extents[target] is null;
    }

    /// <summary>The network.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>The node whose positions are asked for.</summary>
    public int Target { get; }

    /// <summary>Whether the target itself is computed on its whole map.</summary>
    public bool IsWhole { get; }

    /// <summary>The region of a node, or null where the whole map is computed.</summary>
    public Extent? this[int node] => _extents[node];

    /// <summary>Whether the target depends on the node.</summary>
    public bool Needs(int node) => _needed[node];

    /// <summary>Multiply-adds of one forward pass of one sample.</summary>
    public long MultiplyAdds() => Graph.Nodes.Where(node => _needed[node.Index]).Sum(node => this[node.Index] is { } extent
        ? node.Operator.MultiplyAdds(node.Shape) * extent.Area / Math.Max(1, (long)node.Shape.Height * node.Shape.Width)
        : node.Operator.MultiplyAdds(node.Shape));

    /// <summary>Every node that the target needs, on whole maps.</summary>
    public static RegionPlan Whole(NetworkGraph graph, int target)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new RegionPlan(graph, target, new Extent?[graph.Nodes.Count], graph.Ancestors(target));
    }

    /// <summary>
    /// The plan for single positions of <paramref name="target"/>. A map is computed whole where the region would be at least
    /// <paramref name="wholeFrom"/> of it (0 &lt; wholeFrom; infinity keeps every region that has a fixed size).
    /// </summary>
    public static RegionPlan ForPosition(NetworkGraph graph, int target, double wholeFrom = 0.75)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = Spread(graph, target, (op, inputs, _) => op.ReachOver(inputs));
        var needed = graph.Ancestors(target);
        for (var i = target; i >= 0; i--)
        {
            var (node, map) = (graph.Nodes[i], graph.Nodes[i].Shape);
            if (extents[i] is { } extent && extent.Area >= wholeFrom * map.Height * map.Width)
                whole[i] = true;
            // Operators that need all of their input know no regions.
            if (needed[i] && i > 0 && node.Operator.ReachOver(graph.InputShapesOf(node)) is Reach.Whole)
                whole[i] = true;
        }
        // What a whole map is made from must be whole as well.
        for (var i = target; i >= 0; i--)
        {
            if (!whole[i])
                continue;
            extents[i] = null;
            foreach (var input in graph.Nodes[i].Inputs)
                whole[input] = true;
        }
        return new RegionPlan(graph, target, extents, needed);
    }

    /// <summary>The receptive field of <paramref name="target"/> (METHODS 1): the union box over all paths.</summary>
    public static ReceptiveField FieldOf(NetworkGraph graph, int target)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = Spread(graph, target, (op, inputs, input) => op.FieldOver(inputs, input));
        var input = graph.InputShape;
        if (whole[0] || extents[0] is not { } extent)
            return ReceptiveField.Whole(input.Height, input.Width);
        return new ReceptiveField(
            new FieldAxis(extent.Y.Size, extent.Y.Stride, extent.Y.Start), new FieldAxis(extent.X.Size, extent.X.Stride, extent.X.Start));
    }

    /// <summary>
    /// Whether a position of <paramref name="target"/> depends on its receptive field alone. Behind a gate that is made of the whole map
    /// (squeeze-excitation) or statistics of it (group normalisation), the rest of the image has a say too.
    /// </summary>
    public static bool IsWithinField(NetworkGraph graph, int target)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = Spread(graph, target, (op, inputs, _) => op.ReachOver(inputs));
        return FieldOf(graph, target).IsWhole || (!whole[0] && extents[0] is not null);
    }

    private static (Extent?[] Extents, bool[] Whole) Spread(NetworkGraph graph, int target, Func<Operator, Shape[], int, Reach?> reach)
    {
        var extents = new Extent?[graph.Nodes.Count];
        var whole = new bool[graph.Nodes.Count];
        if (graph.Nodes[target].Shape.IsVector)
            whole[target] = true;
        else
            extents[target] = new Extent(new ExtentAxis(1, 1, 0), new ExtentAxis(1, 1, 0));
        for (var i = target; i > 0; i--)
        {
            if (extents[i] is null && !whole[i])
                continue;
            var node = graph.Nodes[i];
            var shapes = graph.InputShapesOf(node);
            for (var k = 0; k < node.Inputs.Count; k++)
            {
                if (reach(node.Operator, shapes, k) is not { } reached)
                    continue;
                var input = node.Inputs[k];
                var below = whole[i] ? null : reached switch
                {
                    Reach.Pointwise => extents[i],
                    Reach.Sliding(var window) => new Extent(extents[i]!.Y.Through(window.Y), extents[i]!.X.Through(window.X)),
                    _ => null,
                };
                var joined = below is null || whole[input] ? null : extents[input] is { } known ? known.Union(below) : below;
                whole[input] |= joined is null;
                extents[input] = joined;
            }
        }
        return (extents, whole);
    }
}
