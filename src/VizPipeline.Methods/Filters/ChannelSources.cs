using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Filters;

/// <summary>Where one channel of a node's value comes from.</summary>
/// <param name="Layer">Place among the observed layers; -1 for the network's input and where an unobserved operator mixes channels.</param>
/// <param name="Channel">The channel there; of an RGB input 0, 1, 2 for red, green, blue; -1 where it is not known.</param>
/// <param name="Height">Rows of its units in a flattened map; else 1.</param>
/// <param name="Width">Columns of its units in a flattened map; else 1.</param>
internal readonly record struct ChannelSource(int Layer, int Channel, int Height = 1, int Width = 1)
{
    public int Units => Height * Width;
}

/// <summary>Follows channels down a network to observed layers, through whatever keeps channels apart.</summary>
internal sealed class ChannelSources
{
    private readonly NetworkGraph _graph;
    private readonly IReadOnlyList<Layer> _observed;
    private readonly bool _isBgr;
    private readonly Dictionary<int, int> _places = [];

    public ChannelSources(NetworkGraph graph, IReadOnlyList<Layer> observed, bool isBgr)
    {
        (_graph, _observed, _isBgr) = (graph, observed, isBgr && graph.InputShape.Channels == 3);
        for (var i = 0; i < observed.Count; i++)
            _places.TryAdd(observed[i].Node, i);
    }

    /// <summary>The channels of a node's value in their order; those of a flattened map stand for their units together.</summary>
    public ChannelSource[] Of(int node)
    {
        var (needed, open) = (new SortedSet<int>(), new Stack<int>([node]));
        while (open.TryPop(out var at))
        {
            if (!needed.Add(at) || _places.ContainsKey(at) || !KeepsChannels(_graph.Nodes[at].Operator))
                continue;
            foreach (var input in _graph.Nodes[at].Inputs)
                open.Push(input);
        }
        // In the graph's order instead of by recursion: a file may chain more nodes than a stack is deep.
        var known = new Dictionary<int, ChannelSource[]>();
        foreach (var at in needed)
            known[at] = Through(_graph.Nodes[at], known);
        return known[node];
    }

    /// <summary>What an observed concatenation or addition is made of: for each term the source of every channel. Empty for other layers.</summary>
    public IEnumerable<ChannelSource[]> TermsOf(int layer)
    {
        var node = _graph.Nodes[_observed[layer].Node];
        while (node.Operator is Nonlinearity or ChannelAffine or Normalization or Saturation or Identity)
            node = _graph.Nodes[node.Inputs[0]];
        IEnumerable<ChannelSource[]> terms = node.Operator switch
        {
            Concat => [[.. node.Inputs.SelectMany(Of)]],
            Add => node.Inputs.Select(Of),
            _ => [],
        };
        // Of a flattened map the merge's channels are units, which are no neurons of the layer below.
        return terms.Where(term => term.Length == node.Shape.Channels);
    }

    private ChannelSource[] Through(Node node, Dictionary<int, ChannelSource[]> known)
    {
        if (_places.TryGetValue(node.Index, out var layer))
            return [.. Enumerable.Range(0, node.Shape.Channels).Select(channel => new ChannelSource(layer, channel))];
        return node.Operator switch
        {
            Network.Operators.Input => [.. Enumerable.Range(0, node.Shape.Channels).Select(channel => new ChannelSource(-1, _isBgr ? 2 - channel : channel))],
            Flatten when _graph.Nodes[node.Inputs[0]].Shape is { IsVector: false } map => [.. known[node.Inputs[0]].Select(source => source with { Height = map.Height, Width = map.Width })],
            Concat => [.. node.Inputs.SelectMany(input => known[input])],
            ChannelSlice part when HasAll(node) => known[node.Inputs[0]][part.First..(part.First + part.Count)],
            ChannelGather gather when HasAll(node) => [.. gather.Channels.Select(channel => known[node.Inputs[0]][channel])],
            // A gate scales channels and leaves them what they are.
            Multiply { Gate: { } gate } => known[node.Inputs[1 - gate]],
            Multiply => known[node.Inputs.MaxBy(input => _graph.Nodes[input].Shape.Count)],
            var kept when KeepsChannels(kept) => known[node.Inputs[0]],
            _ => [.. Enumerable.Repeat(new ChannelSource(-1, -1), node.Shape.Channels)],
        };

        // The channels of a flattened map stand for their units together.
        bool HasAll(Node choice) => known[choice.Inputs[0]].Length == _graph.Nodes[choice.Inputs[0]].Shape.Channels;
    }

    // A normalisation over neighbouring channels scales each, and leaves it what it is.
    private static bool KeepsChannels(Operator op) => op
        is Nonlinearity or ChannelAffine or Normalization or LocalResponseNorm or Saturation or Identity or ConstantPad or MirrorPad or Crop or Resample
        or MaxPool or AveragePool or LpPool or AdaptiveAveragePool or AdaptiveMaxPool or GlobalPool or Flatten or Concat or ChannelSlice or ChannelGather or Multiply;
}
