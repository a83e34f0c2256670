namespace VizPipeline.Jobs;

/// <summary>One of the facets into which a neuron's top images divide (docs/methods.md, section 7).</summary>
public sealed record FacetRow
{
    /// <summary>The largest number of facets of a neuron.</summary>
    public const int Most = 5;

    /// <summary>The channel.</summary>
    public required int Channel { get; init; }

    /// <summary>Number of the facet, from 1, the largest, to at most <see cref="Most"/>.</summary>
    public required int Facet { get; init; }

    /// <summary>Its images, by index in the image list, the strongest first; at least one.</summary>
    public required IReadOnlyList<int> Images { get; init; }

    /// <summary>Its share of the neuron's top images, above 0, to 1.</summary>
    public required double Share { get; init; }

    /// <summary>Mean activation over its images.</summary>
    public required double MeanActivation { get; init; }

    /// <summary>
    /// The mean silhouette of the neuron's best division into 2 to 5 facets, from -1 to 1, also if it was too low to divide by; null with
    /// too few images for any.
    /// </summary>
    public double? Silhouette { get; init; }
}

/// <summary>What a picture of a facet shows. Add names, but never rename or remove one.</summary>
public static class FacetPicture
{
    /// <summary>The facet's first nine patches.</summary>
    public const string Patches = "patches";

    /// <summary>The mean of these patches.</summary>
    public const string Mean = "mean";

    /// <summary>The ascent that starts at the mean.</summary>
    public const string Ascent = "ascent";

    /// <summary>Returns the variant of a facet's picture in tables, e.g. <c>facet 1 mean</c>.</summary>
    /// <param name="facet">Number of the facet, from 1.</param>
    /// <param name="content">What the picture shows.</param>
    public static string Variant(int facet, string content) => $"facet {facet} {content}";
}
