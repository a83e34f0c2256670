using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>A convolutional network as a graph of operators with their weights. Immutable, and planned without libtorch.</summary>
public sealed class NetworkGraph
{
    private readonly List<int>[] _consumers;

    internal NetworkGraph(string name, IReadOnlyList<Node> nodes, int output)
    {
        (Name, Nodes, Output) = (name, nodes, output);
        _consumers = [.. nodes.Select(_ => new List<int>())];
        foreach (var node in nodes)
        {
            foreach (var input in node.Inputs)
                _consumers[input].Add(node.Index);
        }
        Layers = LayerFinder.Find(this);
    }

    /// <summary>A name for people, for example <c>squeezenet1_1</c>.</summary>
    public string Name { get; }

    /// <summary>Operators in topological order; the first is the input.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Index of the node whose values are the logits.</summary>
    public int Output { get; }

    /// <summary>Observation points from the input on; the last is the output layer, named <c>logits</c>.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>Channels, height and width of one input image.</summary>
    public Shape InputShape => Nodes[0].Shape;

    /// <summary>Learned numbers in the network.</summary>
    public long Parameters => Nodes.Sum(node => node.Operator.Parameters);

    /// <summary>Nodes that read the output of <paramref name="node"/>; a node that reads it twice is listed twice.</summary>
    public IReadOnlyList<int> Consumers(int node) => _consumers[node];

    /// <summary>Shapes of what <paramref name="node"/> reads.</summary>
    internal Shape[] InputShapesOf(Node node) => [.. node.Inputs.Select(input => Nodes[input].Shape)];

    /// <summary>True for each node on which <paramref name="target"/> depends, itself included.</summary>
    public bool[] Ancestors(params IEnumerable<int> target)
    {
        var needed = new bool[Nodes.Count];
        foreach (var node in target)
            needed[node] = true;
        for (var i = Nodes.Count - 1; i >= 0; i--)
        {
            if (!needed[i])
                continue;
            foreach (var input in Nodes[i].Inputs)
                needed[input] = true;
        }
        return needed;
    }

    /// <summary>Multiply-adds of one forward pass of one image up to the deepest of <paramref name="targets"/>.</summary>
    public long MultiplyAdds(IEnumerable<int> targets)
    {
        var needed = Ancestors(targets);
        return Nodes.Where(node => needed[node.Index]).Sum(node => node.Operator.MultiplyAdds(node.Shape));
    }

    /// <summary>The layer called <paramref name="name"/> (or whose alias it is).</summary>
    /// <exception cref="UnknownLayerException">There is none; the message lists the nearest names.</exception>
    public Layer Layer(string name) =>
        Layers.FirstOrDefault(layer => layer.Name == name) ?? Layers.FirstOrDefault(layer => layer.Alias == name) ?? throw new UnknownLayerException(name, this);

    /// <summary>A copy in which some operators are replaced, node for node; shapes and indices stay.</summary>
    internal NetworkGraph With(IReadOnlyDictionary<int, Operator> replacements) =>
        new(Name, [.. Nodes.Select(node => replacements.TryGetValue(node.Index, out var op) ? node with { Operator = op } : node)], Output);
}
