using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>
/// A stretch of a network's layers, told by how much of the image their neurons see: from edges to objects. A neuron cannot show more than
/// it sees, and the names are what the neurons of image classifiers usually show at that size. The first layer only weighs pixels, so it
/// shows edges and colours whatever its size.
/// </summary>
/// <param name="Name">A heading, such as "Textures and patterns".</param>
/// <param name="Story">One sentence on what the neurons see.</param>
/// <param name="Layers">The layers, in network order.</param>
public sealed record DepthStage(string Name, string Story, IReadOnlyList<Layer> Layers)
{
    // The largest side of a receptive field, as a share of the image's side, of each stage but the last two.
    private const double MostForEdges = 0.07;
    private const double MostForTextures = 0.3;
    private const double MostForParts = 0.85;

    private static readonly (string Name, string Story)[] Known =
    [
        ("Edges and colours", "These neurons see a few pixels: enough for an edge, a line or a colour."),
        ("Textures and patterns", "A little more of the image: corners, stripes, meshes, spots."),
        ("Parts of objects", "Large enough for an eye, a wheel or a leaf."),
        ("Whole objects", "These neurons see nearly all of the image: objects and scenes."),
        ("Answers", "The outputs of the network."),
    ];

    /// <summary>Divides the layers into stages. Within a network, a later layer never belongs to an earlier stage.</summary>
    /// <param name="layers">The layers in network order.</param>
    /// <param name="inputHeight">The height of the network's input.</param>
    /// <param name="inputWidth">The width of the network's input.</param>
    public static IReadOnlyList<DepthStage> Divide(IReadOnlyList<Layer> layers, int inputHeight, int inputWidth)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var stages = new List<(int Stage, List<Layer> Layers)>();
        foreach (var layer in layers)
        {
            var share = layer.SeesWholeInput
                ? 1 : Math.Max(layer.FieldHeight / (double)inputHeight, layer.FieldWidth / (double)inputWidth);
            var stage = Math.Max(
                stages.Count > 0 ? stages[^1].Stage : 0,
                layer.Kind == "output" ? 4
                    : share <= MostForEdges || layer.Depth == 1 ? 0 : share <= MostForTextures ? 1 : share <= MostForParts ? 2 : 3);
            if (stages.Count == 0 || stages[^1].Stage != stage)
                stages.Add((stage, []));
            stages[^1].Layers.Add(layer);
        }
        return [.. stages.Select(stage => new DepthStage(Known[stage.Stage].Name, Known[stage.Stage].Story, stage.Layers))];
    }

    /// <summary>Returns how much of the image a layer's neurons see, in words.</summary>
    public static string Sees(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return layer.SeesWholeInput ? "sees the whole image"
            : layer is { FieldHeight: 1, FieldWidth: 1 } ? "sees 1 pixel" : $"sees {layer.FieldHeight} × {layer.FieldWidth} pixels";
    }
}
