namespace VizPipeline.Catalog;

/// <summary>The name of one class of an atlas's images.</summary>
public sealed class ImageClass
{
    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>The class's number: what <see cref="Image.Label"/> and <see cref="Neuron.BestClass"/> say.</summary>
    public int ClassIndex { get; set; }

    /// <summary>Its name.</summary>
    public required string Name { get; set; }
}
