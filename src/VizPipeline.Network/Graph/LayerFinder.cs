using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>Finds the observation points of a network (METHODS 0) and names them.</summary>
internal static class LayerFinder
{
    /// <summary>The name of the output layer.</summary>
    public const string OutputName = "logits";

    public static IReadOnlyList<Layer> Find(NetworkGraph graph)
    {
        var reaches = graph.Ancestors(graph.Output);
        var found = new List<Layer>();
        var names = new UniqueNames(OutputName);
        foreach (var node in graph.Nodes)
        {
            if (!reaches[node.Index] || KindOf(node) is not { } kind)
                continue;
            var (observed, before) = Follow(graph, node.Index);
            var name = NameOf(node);
            if (observed == graph.Output)
                found.Add(Make(graph, found.Count, OutputName, name, LayerKind.Output, observed, before, node));
            else if (!found.Exists(layer => layer.Node == observed))
                found.Add(Make(graph, found.Count, names.Add(name), null, kind, observed, before, node));
        }
        if (found.Count > 0 && found[^1].Kind != LayerKind.Output)
            found.Add(Make(graph, found.Count, OutputName, null, LayerKind.Output, graph.Output, graph.Output, null));
        return found;
    }

    private static Layer Make(NetworkGraph graph, int index, string name, string? alias, LayerKind kind, int observed, int before, Node? from)
    {
        var weighted = from is { Operator: Convolution or Linear } ? from.Index : (int?)null;
        // The filters of a transposed convolution are drawn nowhere.
        var learned = from is { Operator: ConvolutionTranspose } ? from.Index : weighted;
        var parameters = learned is { } first ? Enumerable.Range(first, observed - first + 1).Where(node => OnPath(graph, first, node, observed)).Sum(node => graph.Nodes[node].Operator.Parameters) : 0;
        return new Layer(index, name, alias, kind, observed, before, weighted, graph.Nodes[observed].Shape, RegionPlan.FieldOf(graph, observed), parameters);
    }

    private static LayerKind? KindOf(Node node) => node.Operator switch
    {
        Convolution or ConvolutionTranspose => LayerKind.Conv,
        Linear => LayerKind.Linear,
        Concat => LayerKind.Concat,
        Add => LayerKind.Add,
        _ => null,
    };

    // From the operator through its normalisation and its first nonlinearity, as long as nobody else reads in between.
    private static (int Observed, int PreActivation) Follow(NetworkGraph graph, int from)
    {
        var at = from;
        while (graph.Consumers(at) is [var next] && at != graph.Output)
        {
            switch (graph.Nodes[next].Operator)
            {
                // Its slope differs by channel, so that what stands before it cannot be climbed through it neuron by neuron.
                case PRelu:
                    return (next, next);
                case Nonlinearity:
                    return (next, at);
                case ChannelAffine or Normalization or Saturation or Identity:
                    at = next;
                    break;
                default:
                    return (at, at);
            }
        }
        return (at, at);
    }

    private static bool OnPath(NetworkGraph graph, int first, int node, int last)
    {
        for (var at = last; at >= first; at = graph.Nodes[at].Inputs[0])
        {
            if (at == node)
                return true;
            if (at == first)
                return false;
        }
        return false;
    }

    private static string NameOf(Node node)
    {
        var weight = node.Operator switch { Convolution conv => conv.Weight.Name, ConvolutionTranspose conv => conv.Weight.Name, Linear linear => linear.Weight.Name, _ => null };
        return weight is not null && weight.EndsWith(".weight", StringComparison.Ordinal) && weight.Length > 7 ? weight[..^7] : ModulePath(node.Name);
    }

    /// <summary>
    /// PyTorch's exporter names nodes like <c>/layer1/layer1.0/conv1/Conv</c>: the path of modules, each with or without its
    /// parents' names, and the operator. This gives <c>layer1.0.conv1</c>; other names stay as they are.
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
        // A second use of one kind of operator in a module is numbered by the exporter (Add, Add_1).
        var mark = parts[^1].LastIndexOf('_');
        return mark > 0 && int.TryParse(parts[^1][(mark + 1)..], out var number) ? $"{path}#{number + 1}" : path;
    }
}
