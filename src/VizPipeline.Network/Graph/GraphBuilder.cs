using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>Builds a network from operators and checks every shape. Importers and the zoo use it.</summary>
public sealed class GraphBuilder
{
    /// <summary>
    /// Maximum number of values of one image at one node (2 GiB of float32): guards against files that claim absurd sizes.
    /// </summary>
    public const long MaxValues = 1L << 29;

    /// <summary>Maximum number of operators of a network: analysing each layer walks over all of them.</summary>
    public const int MaxNodes = 1 << 14;

    private readonly List<Node> _nodes = [];
    private readonly UniqueNames _names = new();

    /// <summary>Starts a network with its input, an image of the given shape.</summary>
    /// <exception cref="GraphException">The shape is not that of an image.</exception>
    public GraphBuilder(Shape input, string name = "input")
    {
        if (input.IsVector || input.Channels is < 1 or > 1024 || input.Height < 1 || input.Width < 1 || input.Count > MaxValues)
            throw new GraphException(name, $"an input of {input} is not an image; give height and width with --input-size");
        Add(name, new Input(input));
    }

    /// <summary>Index of the input.</summary>
    public static int Input => 0;

    /// <summary>Returns the shape of a node's output for one image.</summary>
    public Shape Shape(int node) => _nodes[node].Shape;

    /// <summary><see cref="NetworkGraph.TakesBytes"/>.</summary>
    internal bool TakesBytes { get; init; }

    /// <summary>Number of nodes added so far.</summary>
    public int Count => _nodes.Count;

    /// <summary>The node with index <paramref name="node"/>.</summary>
    public Node this[int node] => _nodes[node];

    /// <summary>Adds an operator that reads <paramref name="inputs"/> and returns its index. A name that is taken gets a suffix.</summary>
    /// <exception cref="GraphException">The shapes do not match.</exception>
    public int Add(string name, Operator op, params ReadOnlySpan<int> inputs)
    {
        ArgumentNullException.ThrowIfNull(op);
        var shape = op.OutputShape(name, [.. inputs.ToArray().Select(input => _nodes[input].Shape)]);
        if (shape.Count > MaxValues)
            throw new GraphException(name, $"its output of {shape} is too large");
        if (_nodes.Count == MaxNodes)
            throw new GraphException(name, $"the network has more than {MaxNodes} operators");
        _nodes.Add(new Node(_nodes.Count, _names.Add(name), op, inputs.ToArray(), shape));
        return _nodes.Count - 1;
    }

    /// <summary>Replaces the operator of a node that nothing reads yet, for example to add a bias to a matrix product.</summary>
    public void Replace(int node, Operator op) => _nodes[node] = _nodes[node] with { Operator = op };

    /// <summary>Forgets the nodes from <paramref name="count"/> on, which belong to an operator that cannot be read.</summary>
    internal void Truncate(int count) => _nodes.RemoveRange(count, _nodes.Count - count);

    /// <summary>Returns the finished network.</summary>
    /// <param name="name">A display name.</param>
    /// <param name="output">The node whose values are the logits.</param>
    public NetworkGraph Build(string name, int output) => Build(name, output, hasLogits: true);

    /// <summary>Returns the finished network.</summary>
    /// <param name="name">A display name.</param>
    /// <param name="output">The node whose values are the logits, or the last one of a network without a classifier.</param>
    /// <param name="hasLogits">Whether it has a classifier, so that there is a layer of logits.</param>
    /// <param name="notes">What a user should know about how it was read, one sentence each.</param>
    /// <param name="ends">Its other ends; null for none.</param>
    internal NetworkGraph Build(
        string name, int output, bool hasLogits, IReadOnlyList<string>? notes = null, IReadOnlyList<NetworkEnd>? ends = null)
    {
        var shape = _nodes[output].Shape;
        if (hasLogits && !shape.IsVector && shape is { Height: 1, Width: 1 })
            output = Add("flatten_output", new Flatten(), output);
        var graph = new NetworkGraph(name, [.. _nodes], output, hasLogits: hasLogits, notes: notes, ends: ends)
        {
            TakesBytes = TakesBytes,
        };
        return graph.Layers.Count == 0
            ? throw new GraphException(name, "the network has no convolution and no fully connected layer") : graph;
    }
}
