using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>
/// The positions of a node's map, along one axis, that position p of the target needs: [Start + p * Stride, Start + p * Stride + Size). The
/// interval may extend beyond the map where the network pads.
/// </summary>
public readonly record struct ExtentAxis(int Size, int Stride, int Start)
{
    /// <summary>Returns the input positions that a window needs to compute these output positions.</summary>
    public ExtentAxis Through(WindowAxis window) => new(
        checked(((Size - 1) * window.Stride) + window.Span),
        checked(Stride * window.Stride),
        checked((Start * window.Stride) - window.PadBefore));

    /// <summary>
    /// Returns the smallest extent that contains both, or null if their strides differ: then no extent of fixed size exists.
    /// </summary>
    public ExtentAxis? Union(ExtentAxis other)
    {
        if (Stride != other.Stride)
            return null;
        var start = Math.Min(Start, other.Start);
        return new ExtentAxis(Math.Max(Start + Size, other.Start + other.Size) - start, Stride, start);
    }
}

/// <summary>The region around its position that the target needs of one node.</summary>
public sealed record Extent(ExtentAxis Y, ExtentAxis X)
{
    /// <summary>Returns the smallest extent that contains both, or null (the whole map) if there is none of fixed size.</summary>
    public Extent? Union(Extent other) =>
        Y.Union(other.Y) is { } y && X.Union(other.X) is { } x ? new Extent(y, x) : null;

    /// <summary>Number of needed positions per map.</summary>
    public long Area => (long)Y.Size * X.Size;
}

/// <summary>
/// The regions that one position of a target node needs of every node below it. From the target down to a cut, nodes are computed on
/// regions of fixed size around each sample's position; below the cut, where a region would cover nearly the whole map, on whole maps.
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

    /// <summary>Index of the node whose positions are computed.</summary>
    public int Target { get; }

    /// <summary>Whether the target itself is computed on the whole map.</summary>
    public bool IsWhole { get; }

    /// <summary>The region of a node, or null if the whole map is computed.</summary>
    public Extent? this[int node] => _extents[node];

    /// <summary>Returns whether the target, or another node that is computed besides, depends on the node.</summary>
    public bool Needs(int node) => _needed[node];

    /// <summary>Returns the number of multiply-adds of one forward pass of one sample.</summary>
    public long MultiplyAdds() => Graph.Nodes.Where(node => _needed[node.Index]).Sum(node => this[node.Index] is { } extent
        ? node.Operator.MultiplyAdds(node.Shape) * extent.Area / Math.Max(1, (long)node.Shape.Height * node.Shape.Width)
        : node.Operator.MultiplyAdds(node.Shape));

    /// <summary>Creates the plan that computes every needed node on the whole map.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="target">Index of the node to compute.</param>
    /// <param name="others">Nodes to compute besides, which the target need not depend on: those of other branches.</param>
    public static RegionPlan Whole(NetworkGraph graph, int target, IEnumerable<int>? others = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new RegionPlan(graph, target, new Extent?[graph.Nodes.Count], graph.Ancestors([target, .. others ?? []]));
    }

    /// <summary>
    /// Creates the plan for single positions of <paramref name="target"/>. A map is computed whole if the region would cover at least
    /// <paramref name="wholeFrom"/> of it (0 &lt; wholeFrom; infinity keeps every region that has a fixed size).
    /// </summary>
    public static RegionPlan ForPosition(NetworkGraph graph, int target, double wholeFrom = 0.75)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (extents, whole) = Propagate(graph, target, (op, inputs, _) => op.ReachOver(inputs));
        var needed = graph.Ancestors(target);
        for (var i = target; i >= 0; i--)
        {
            var (node, map) = (graph.Nodes[i], graph.Nodes[i].Shape);
            if (extents[i] is { } extent && extent.Area >= wholeFrom * map.Height * map.Width)
                whole[i] = true;
            // Operators that need all of their input have no regions.
            if (needed[i] && i > 0 && node.Operator.ReachOver(graph.InputShapesOf(node)) is Reach.Whole)
                whole[i] = true;
        }
        // Everything that a whole map is computed from must be whole as well.
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

    /// <summary>
    /// Propagates the target's position down to the input: for each node, the extent that the target needs of it, or whether it needs the
    /// whole map. Neither is set for nodes that the target does not depend on.
    /// </summary>
    internal static (Extent?[] Extents, bool[] Whole) Propagate(
        NetworkGraph graph, int target, Func<Operator, Shape[], int, Reach?> reach)
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
