using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>A dictionary at its place in a network: a branch that nothing else of the network reads.</summary>
/// <param name="Name">Name of the layer that it makes.</param>
/// <param name="Source">Index of the node that it reads: the observed node of a layer.</param>
/// <param name="Node">Index of its encoder's node.</param>
/// <param name="Dictionary">The dictionary.</param>
public sealed record Readout(string Name, int Source, int Node, FeatureDictionary Dictionary)
{
    /// <summary>The sign between the layer's name and the dictionary's in the name of a dictionary's layer.</summary>
    public const char Sign = '@';

    /// <summary>Returns the network with a dictionary on one of its layers, which makes a new layer LAYER@NAME right after it.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="layer">Name of the layer.</param>
    /// <param name="name">Name of the dictionary.</param>
    /// <param name="dictionary">The dictionary.</param>
    /// <exception cref="UnknownLayerException">There is no such layer.</exception>
    /// <exception cref="GraphException">The dictionary is for another number of channels.</exception>
    public static NetworkGraph Attach(NetworkGraph graph, string layer, string name, FeatureDictionary dictionary)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(dictionary);
        var read = graph.Layer(layer);
        var whole = $"{read.Name}{Sign}{name}";
        if (read.Kind == LayerKind.Dictionary)
            throw new GraphException(whole, $"'{read.Name}' is itself the layer of a dictionary");
        if (dictionary.Channels != read.Neurons)
            throw new GraphException(
                whole, $"the dictionary is for {dictionary.Channels} channels, but layer '{read.Name}' has {read.Neurons}");
        if (graph.Layers.Any(other => other.Name == whole))
            throw new GraphException(whole, "there is already a dictionary of that name on the layer; give it another with name=");
        var nodes = graph.Nodes.ToList();
        Add(whole, dictionary.CreateEncoder(whole, read.Shape.IsVector), read.Node);
        var readout = new Readout(whole, read.Node, nodes.Count - 1, dictionary);
        if (dictionary.CreateActivation() is { } activation)
            Add($"{whole}.activation", activation, nodes.Count - 1);
        return new NetworkGraph(graph.Name, nodes, graph.Output, [.. graph.Readouts, readout], graph.HasLogits, graph.Notes,
            graph.Ends)
        {
            TakesBytes = graph.TakesBytes,
        };

        void Add(string node, Operator op, int input)
        {
            var shape = op.OutputShape(node, [nodes[input].Shape]);
            if (shape.Count > GraphBuilder.MaxValues)
                throw new GraphException(node, $"its output of {shape} is too large");
            nodes.Add(new Node(nodes.Count, node, op, [input], shape));
        }
    }
}
