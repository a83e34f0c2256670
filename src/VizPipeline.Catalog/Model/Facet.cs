namespace VizPipeline.Catalog;

/// <summary>One of the facets into which a neuron's top images divide. Its pictures are rows of <see cref="Picture"/>.</summary>
public sealed class Facet
{
    /// <summary>The layer.</summary>
    public int LayerId { get; set; }

    /// <summary>The channel.</summary>
    public int Channel { get; set; }

    /// <summary>Number of the facet, from 1, the largest, to at most 5.</summary>
    public int Number { get; set; }

    /// <summary>Number of its images.</summary>
    public int Images { get; set; }

    /// <summary>Its share of the neuron's top images, above 0, to 1.</summary>
    public double Share { get; set; }

    /// <summary>
    /// Mean silhouette of the neuron's best division into 2 to 5 facets, from -1 to 1; null with too few images for any.
    /// </summary>
    public double? Silhouette { get; set; }

    /// <summary>Mean activation over its images.</summary>
    public double MeanActivation { get; set; }

    /// <summary>Its images, by index in the atlas, the strongest first.</summary>
    public required int[] ImageIndices { get; set; }
}
