using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>Finds the observation points of a network (docs/methods.md, section 0) and names them.</summary>
internal static class LayerFinder
{
    /// <summary>The name of the output layer.</summary>
    public const string OutputName = "logits";

    public static IReadOnlyList<Layer> Find(NetworkGraph graph)
    {
        var reaches = graph.Ancestors([graph.Output, .. graph.Ends.Select(end => end.Node)]);
        var found = new List<Layer>();
        var named = graph.Ends.Where(end => end.Name is not null).DistinctBy(end => end.Node).ToDictionary(end => end.Node);
        var names = new UniqueNames([OutputName, .. named.Values.Select(end => end.Name!)]);
        foreach (var node in graph.Nodes)
        {
            if (!reaches[node.Index] || node.Operator.LayerKind is not { } kind)
                continue;
            var (observed, before) = Follow(graph, node.Index);
            var name = NameOf(node);
            if (observed == graph.Output && graph.HasLogits)
                found.Add(Make(graph, found.Count, OutputName, name, LayerKind.Output, observed, before, node));
            else if (!found.Exists(layer => layer.Node == observed))
                found.Add(named.Remove(observed, out var end)
                    ? Make(graph, found.Count, end.Name!, name, kind, observed, before, node)
                    : Make(graph, found.Count, names.Add(name), null, kind, observed, before, node));
        }
        if (found.Count > 0 && found[^1].Kind != LayerKind.Output && graph.HasLogits)
            found.Add(Make(graph, found.Count, OutputName, null, LayerKind.Output, graph.Output, graph.Output, null));
        foreach (var end in named.Values)
            AddEnd(graph, found, end);
        foreach (var readout in graph.Readouts.OrderBy(readout => readout.Name, StringComparer.Ordinal))
            AddReadout(graph, found, readout);
        var rectified = Rectification.Find(graph.Nodes);
        return [.. found.Select((layer, index) => layer with { Index = index, IsRectified = rectified[layer.Node] })];
    }

    // An output that no operator with a layer of its own computes, in the order of the nodes, but before the output layer.
    private static void AddEnd(NetworkGraph graph, List<Layer> found, NetworkEnd end)
    {
        var place = found.FindIndex(layer => layer.Node > end.Node || layer.Kind == LayerKind.Output);
        found.Insert(
            place < 0 ? found.Count : place, Make(graph, 0, end.Name!, null, LayerKind.Value, end.Node, end.Node, null));
    }

    // After the layer that it reads, in the order of the names, but before the output layer, which stays the last.
    private static void AddReadout(NetworkGraph graph, List<Layer> found, Readout readout)
    {
        var (observed, before) = Follow(graph, readout.Node);
        var layer = Make(graph, 0, readout.Name, null, LayerKind.Dictionary, observed, before, graph.Nodes[readout.Node]);
        var place = found.FindLastIndex(other => other.Node == readout.Source
            || (other.Kind == LayerKind.Dictionary && graph.Nodes[other.WeightedNode!.Value].Inputs[0] == readout.Source
                && string.CompareOrdinal(other.Name, readout.Name) < 0));
        found.Insert(Math.Min(place + 1, found.Count - (graph.HasLogits ? 1 : 0)), layer);
    }

    private static Layer Make(
        NetworkGraph graph, int index, string name, string? alias, LayerKind kind, int observed, int before, Node? from)
    {
        var weighted = from is { Operator.HasFilters: true } ? from.Index : (int?)null;
        var parameters = from is { Operator.MainWeight: not null } ? ParametersBetween(graph, from.Index, observed) : 0;
        var field = ReceptiveFields.Compute(graph, observed);
        return new Layer(index, name, alias, kind, observed, before, weighted, graph.Nodes[observed].Shape, field, parameters);
    }

    // From the operator through its normalisation and its first nonlinearity, as long as no other node reads a value in between.
    private static (int Observed, int PreActivation) Follow(NetworkGraph graph, int from)
    {
        var at = from;
        while (graph.Consumers(at) is [var next] && at != graph.Output)
        {
            switch (graph.Nodes[next].Operator.LayerPart)
            {
                case LayerPart.ChannelNonlinearity:
                    return (next, next);
                case LayerPart.Nonlinearity:
                    return (next, at);
                case LayerPart.Inner:
                    at = next;
                    break;
                default:
                    return (at, at);
            }
        }
        return (at, at);
    }

    // Parameters of a weighted operator and of the layer's parts after it.
    private static long ParametersBetween(NetworkGraph graph, int first, int last)
    {
        var sum = graph.Nodes[first].Operator.Parameters;
        for (var at = last; at > first; at = graph.Nodes[at].Inputs[0])
            sum += graph.Nodes[at].Operator.Parameters;
        return sum;
    }

    private static string NameOf(Node node)
    {
        var weight = node.Operator.MainWeight?.Name;
        return weight is not null
            && weight.EndsWith(".weight", StringComparison.Ordinal) && weight.Length > 7 ? weight[..^7] : ModulePath(node.Name);
    }

    /// <summary>
    /// Returns the module path in a node's name. PyTorch's exporter names nodes like <c>/layer1/layer1.0/conv1/Conv</c>: the modules, each
    /// with or without its parents' names, and the operator. This gives <c>layer1.0.conv1</c>; other names stay unchanged.
    /// </summary>
    internal static string ModulePath(string node)
    {
        if (!node.StartsWith('/'))
            return node;
        var parts = node.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2)
            return node.Trim('/');
        var path = "";
        foreach (var part in parts[..^1])
            path = path.Length == 0 || part.StartsWith(path + ".", StringComparison.Ordinal) ? part : $"{path}.{part}";
        // The exporter numbers further operators of the same kind in a module (Add, Add_1).
        var mark = parts[^1].LastIndexOf('_');
        return mark > 0 && int.TryParse(parts[^1][(mark + 1)..], out var number) ? $"{path}#{number + 1}" : path;
    }
}
