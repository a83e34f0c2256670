using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Execution;

/// <summary>The positions of a pass's samples: sample i is position (Y[i], X[i]) of the target in image Image[i] of the batch.</summary>
/// <param name="Image">Index into the batch of images.</param>
/// <param name="Y">Row in the target's map; 0 for a vector.</param>
/// <param name="X">Column in the target's map; 0 for a vector.</param>
public sealed record Sites(int[] Image, int[] Y, int[] X)
{
    /// <summary>Number of samples.</summary>
    public int Count => Image.Length;

    /// <summary>Creates one sample per image, all at the same position.</summary>
    public static Sites Same(int images, int y, int x) =>
        new([.. Enumerable.Range(0, images)], [.. Enumerable.Repeat(y, images)], [.. Enumerable.Repeat(x, images)]);

    internal bool IsOnePerImage(long images) => Count == images && Image.Select((image, i) => image == i).All(same => same);
}

/// <summary>
/// A region plan applied to samples: which rows and columns each sample needs at each node, and which of them lie outside the map. Created
/// once and reused by many passes (an ascent takes hundreds of steps at the same place).
/// </summary>
public sealed class PassGeometry : IDisposable
{
    private readonly Dictionary<(int Node, int Input), torch.Tensor?> _outside = [];
    private readonly int[] _lastUse;

    /// <summary>Applies <paramref name="plan"/> to <paramref name="sites"/>, which may be null for a plan on whole maps.</summary>
    /// <exception cref="ArgumentException">The plan has regions and there are no sites, or a site lies outside the target's
    /// map.</exception>
    public PassGeometry(NetworkRunner runner, RegionPlan plan, Sites? sites = null)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(plan);
        (Runner, Plan, Sites) = (runner, plan, sites);
        Target = runner.Resolve(plan.Target);
        var target = plan.Graph.Nodes[plan.Target].Shape;
        if (sites is null && !plan.IsWhole)
            throw new ArgumentException("a plan with regions needs sites", nameof(sites));
        for (var i = 0; i < (sites?.Count ?? 0); i++)
        {
            if (sites!.Y[i] < 0 || sites.Y[i] >= target.Height || sites.X[i] < 0 || sites.X[i] >= target.Width)
            {
                throw new ArgumentException(
                    $"position {sites.Y[i]},{sites.X[i]} lies outside the {target.Height}x{target.Width} map", nameof(sites));
            }
        }
        Order = [.. plan.Graph.Nodes.Where(
            node => plan.Needs(node.Index) && runner.Resolve(node.Index) == node.Index && node.Index <= Target).Select(node => node.Index)];
        _lastUse = LastUses();
    }

    /// <summary>The network and its device.</summary>
    public NetworkRunner Runner { get; }

    /// <summary>The plan that gives each node's region.</summary>
    public RegionPlan Plan { get; }

    /// <summary>The samples' positions, or null if every image is computed on whole maps.</summary>
    public Sites? Sites { get; }

    /// <summary>The node that holds the target's value.</summary>
    internal int Target { get; }

    /// <summary>Nodes to compute, in topological order, starting with the input.</summary>
    internal IReadOnlyList<int> Order { get; }

    /// <summary>Returns the position in <see cref="Order"/> of the last node that reads this one.</summary>
    internal int LastUse(int node) => _lastUse[node];

    /// <summary>Returns the inputs of a node, with identities skipped.</summary>
    internal int[] InputsOf(int node) => [.. Plan.Graph.Nodes[node].Inputs.Select(Runner.Resolve)];

    /// <summary>Counts the nodes that read the value of this one.</summary>
    internal int Readers(int node) => Order.Sum(reader => InputsOf(reader).Count(input => input == node));

    /// <summary>Returns, for each sample, the map row and column at which an extent starts.</summary>
    internal (int[] Rows, int[] Columns) Origins(Extent extent) =>
        ([.. Sites!.Y.Select(y => extent.Y.Start + (y * extent.Y.Stride))],
            [.. Sites.X.Select(x => extent.X.Start + (x * extent.X.Stride))]);

    /// <summary>Returns the region of an input that <paramref name="node"/> reads to compute its own region.</summary>
    internal Extent Needed(int node) => Plan.Graph.Nodes[node].Operator.Reach is Reach.Sliding(var window)
        ? new Extent(Plan[node]!.Y.Through(window.Y), Plan[node]!.X.Through(window.X))
        : Plan[node]!;

    /// <summary>
    /// Returns a mask [S, 1, h, w] that is true where a node's input region lies outside the map, or null if it lies inside or the operator
    /// does not pad and so never reads there.
    /// </summary>
    internal torch.Tensor? Outside(int node, int input)
    {
        if (_outside.TryGetValue((node, input), out var known))
            return known;
        torch.Tensor? mask = null;
        if (Runner.OperatorOf(node).Reach is Reach.Sliding)
            mask = MakeMask(Needed(node), Plan.Graph.Nodes[input].Shape)?.DetachFromDisposeScope();
        return _outside[(node, input)] = mask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mask in _outside.Values)
            mask?.Dispose();
        _outside.Clear();
    }

    private torch.Tensor? MakeMask(Extent extent, Shape map)
    {
        var (rows, columns) = Origins(extent);
        var (height, width) = (extent.Y.Size, extent.X.Size);
        if (Array.TrueForAll(rows, row => row >= 0 && row + height <= map.Height)
            && Array.TrueForAll(columns, column => column >= 0 && column + width <= map.Width))
            return null;
        var outside = new bool[rows.Length * height * width];
        for (var n = 0; n < rows.Length; n++)
        {
            for (var y = 0; y < height; y++)
            {
                var rowOut = (uint)(rows[n] + y) >= (uint)map.Height;
                for (var x = 0; x < width; x++)
                    outside[(((n * height) + y) * width) + x] = rowOut || (uint)(columns[n] + x) >= (uint)map.Width;
            }
        }
        return torch.tensor(outside, [rows.Length, 1, height, width]).to(Runner.Device);
    }

    private int[] LastUses()
    {
        var last = new int[Plan.Graph.Nodes.Count];
        for (var i = 0; i < Order.Count; i++)
        {
            if (Order[i] == 0)
                continue;
            foreach (var input in InputsOf(Order[i]))
                last[input] = i;
        }
        return last;
    }
}
