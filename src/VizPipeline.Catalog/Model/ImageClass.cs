namespace VizPipeline.Catalog;

/// <summary>One class of an atlas's images.</summary>
public sealed class ImageClass
{
    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>
    /// The number of the class, as used by <see cref="Image.Label"/> and <see cref="VizPipeline.Jobs.NeuronFacts.BestClass"/>.
    /// </summary>
    public int ClassIndex { get; set; }

    /// <summary>Its name.</summary>
    public required string Name { get; set; }
}
