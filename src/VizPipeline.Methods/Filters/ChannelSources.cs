using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Methods.Filters;

/// <summary>Traces channels back through a network to observed layers, through operators that do not mix channels.</summary>
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

    /// <summary>Returns the origins of a node's channels, in order; each channel of a flattened map stands for all of its units.</summary>
    public ChannelSource[] Trace(int node)
    {
        var (needed, open) = (new SortedSet<int>(), new Stack<int>([node]));
        while (open.TryPop(out var at))
        {
            if (!needed.Add(at) || _places.ContainsKey(at) || !_graph.Nodes[at].Operator.KeepsChannels)
                continue;
            foreach (var input in _graph.Nodes[at].Inputs)
                open.Push(input);
        }
        // In graph order instead of recursively: a file may chain more nodes than the stack allows.
        var known = new Dictionary<int, ChannelSource[]>();
        foreach (var at in needed)
            known[at] = Through(_graph.Nodes[at], known);
        return known[node];
    }

    /// <summary>
    /// Returns the terms of an observed concatenation or addition: for each term, the origin of every channel. Empty for other layers.
    /// </summary>
    public IEnumerable<ChannelSource[]> TermsOf(int layer)
    {
        var node = _graph.Nodes[_observed[layer].Node];
        while (node.Operator.LayerPart != LayerPart.None)
            node = _graph.Nodes[node.Inputs[0]];
        IEnumerable<ChannelSource[]> terms = node.Operator.LayerKind switch
        {
            LayerKind.Concat => [[.. node.Inputs.SelectMany(Trace)]],
            LayerKind.Add => node.Inputs.Select(Trace),
            _ => [],
        };
        // In a flattened map, the merge's channels are units, which are not neurons of the layer below.
        return terms.Where(term => term.Length == node.Shape.Channels);
    }

    private ChannelSource[] Through(Node node, Dictionary<int, ChannelSource[]> known)
    {
        if (_places.TryGetValue(node.Index, out var layer))
            return [.. Enumerable.Range(0, node.Shape.Channels).Select(channel => new ChannelSource(layer, channel))];
        if (node.Inputs.Count == 0)
            return [.. Enumerable.Range(0, node.Shape.Channels).Select(channel => new ChannelSource(-1, _isBgr ? 2 - channel : channel))];
        if (!node.Operator.KeepsChannels)
            return [.. Enumerable.Repeat(new ChannelSource(-1, -1), node.Shape.Channels)];
        return node.Operator.TraceChannels(
            [.. node.Inputs.Select(input => known[input])], [.. node.Inputs.Select(input => _graph.Nodes[input].Shape)]);
    }
}
