using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Graph;

/// <summary>
/// Finds layers that compute nothing of their own: every channel of a repeating layer is a channel of another layer, unchanged. Such are
/// concatenations of observed layers; their neurons have the activations of those layers' neurons on every image.
/// </summary>
public static class RepeatedLayers
{
    /// <summary>
    /// Returns the layers that repeat others, by their index, each with the layers that it repeats, in the order of its channels. Those
    /// repeat none themselves. The output layer always counts as one of its own.
    /// </summary>
    public static IReadOnlyDictionary<int, IReadOnlyList<Layer>> Find(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var layers = new Dictionary<int, Layer>();
        foreach (var layer in graph.Layers)
            layers.TryAdd(layer.Node, layer);
        var repeats = new Dictionary<int, IReadOnlyList<Layer>>();
        // For each node, the neurons that its channels are; null where a channel is none.
        var origins = new ChannelSource[]?[graph.Nodes.Count];
        foreach (var node in graph.Nodes)
        {
            var traced = Trace(graph, node, origins);
            if (layers.TryGetValue(node.Index, out var layer))
            {
                if (traced is not null && layer.Kind != LayerKind.Output)
                    repeats[layer.Index] = [.. traced.Select(source => source.Layer).Distinct().Select(index => graph.Layers[index])];
                else
                    traced = [.. Enumerable.Range(0, layer.Neurons).Select(channel => new ChannelSource(layer.Index, channel))];
            }
            origins[node.Index] = traced;
        }
        return repeats;
    }

    private static ChannelSource[]? Trace(NetworkGraph graph, Node node, ChannelSource[]?[] origins)
    {
        var shapes = graph.InputShapesOf(node);
        var inputs = node.Inputs.Select(input => origins[input]).OfType<ChannelSource[]>().ToArray();
        return node.Inputs.Count > 0 && inputs.Length == node.Inputs.Count && PassesOn(node.Operator, shapes[0])
            ? node.Operator.TraceChannels(inputs, shapes) : null;
    }

    private static bool PassesOn(Operator op, Shape input) => op switch
    {
        Identity or Concat or ChannelSlice or ChannelGather => true,
        // A unit of a larger map is one place of a neuron.
        Flatten => input.IsVector || input is { Height: 1, Width: 1 },
        _ => false,
    };
}
