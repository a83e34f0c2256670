using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>An end of a network beside its output.</summary>
/// <param name="Node">Index of the node.</param>
/// <param name="Name">The name of an output, which its layer has; null where what follows could not be read.</param>
internal sealed record NetworkEnd(int Node, string? Name = null);

/// <summary>
/// A convolutional network as an immutable graph of operators with their weights. Planning with it does not need libtorch.
/// </summary>
public sealed class NetworkGraph
{
    private readonly List<int>[] _consumers;

    internal NetworkGraph(
        string name, IReadOnlyList<Node> nodes, int output, IReadOnlyList<Readout>? readouts = null, bool hasLogits = true,
        IReadOnlyList<string>? notes = null, IReadOnlyList<NetworkEnd>? ends = null)
    {
        (Name, Nodes, Output, Readouts) = (name, nodes, output, readouts ?? []);
        (HasLogits, Notes, Ends) = (hasLogits, notes ?? [], ends ?? []);
        _consumers = [.. nodes.Select(_ => new List<int>())];
        foreach (var node in nodes)
        {
            foreach (var input in node.Inputs)
                _consumers[input].Add(node.Index);
        }
        Layers = LayerFinder.Find(this);
    }

    /// <summary>A display name, for example <c>squeezenet1_1</c>.</summary>
    public string Name { get; }

    /// <summary>Operators in topological order; the first is the input.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Index of the node whose values are the logits, or of the last node of a network without them.</summary>
    public int Output { get; }

    /// <summary>Whether it has a classifier; without one there is no output layer.</summary>
    public bool HasLogits { get; }

    /// <summary>Ends beside <see cref="Output"/>: further outputs, and places where what follows could not be read.</summary>
    internal IReadOnlyList<NetworkEnd> Ends { get; }

    /// <summary>What a user should know about how the network was read, one sentence each; empty if there is nothing to say.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Dictionaries that read its layers, see <see cref="Readout.Attach"/>.</summary>
    public IReadOnlyList<Readout> Readouts { get; }

    /// <summary>
    /// Observation points, ordered from the input; the last is the output layer, named <c>logits</c>, if there are logits.
    /// </summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>Whether its file declares an input of bytes, 0 to 255, so that the network itself scales them.</summary>
    public bool TakesBytes { get; internal init; }

    /// <summary>Channels, height and width of one input image.</summary>
    public Shape InputShape => Nodes[0].Shape;

    /// <summary>Number of learned parameters of the network, without those of dictionaries.</summary>
    public long Parameters => Nodes.Take(Readouts.Count == 0 ? Nodes.Count : Readouts[0].Node).Sum(node => node.Operator.Parameters);

    /// <summary>Returns the nodes that read the output of <paramref name="node"/>; a node that reads it twice is listed twice.</summary>
    public IReadOnlyList<int> Consumers(int node) => _consumers[node];

    /// <summary>Returns the shapes of a node's inputs.</summary>
    internal Shape[] InputShapesOf(Node node) => [.. node.Inputs.Select(input => Nodes[input].Shape)];

    /// <summary>Returns, for each node, whether <paramref name="target"/> depends on it; the target itself counts.</summary>
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

    /// <summary>Returns the number of multiply-adds to run one image forward to the deepest of <paramref name="targets"/>.</summary>
    public long MultiplyAdds(IEnumerable<int> targets)
    {
        var needed = Ancestors(targets);
        return Nodes.Where(node => needed[node.Index]).Sum(node => node.Operator.MultiplyAdds(node.Shape));
    }

    /// <summary>Returns the layer whose name or alias is <paramref name="name"/>.</summary>
    /// <exception cref="UnknownLayerException">There is no such layer; the message lists the nearest names.</exception>
    public Layer Layer(string name) =>
        Layers.FirstOrDefault(layer => layer.Name == name)
            ?? Layers.FirstOrDefault(layer => layer.Alias == name) ?? throw new UnknownLayerException(name, this);

    /// <summary>Returns a copy in which some operators are replaced; shapes and indices stay.</summary>
    internal NetworkGraph With(IReadOnlyDictionary<int, Operator> replacements) =>
        new(Name, [.. Nodes.Select(node => replacements.TryGetValue(node.Index, out var op) ? node with { Operator = op } : node)], Output,
            Readouts, HasLogits, Notes, Ends)
        {
            TakesBytes = TakesBytes,
        };
}
