using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="RenderSheet"/>.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="SheetKey">Key of the contact sheet in the object store.</param>
/// <param name="Percentiles">Percentiles of the ascent pictures; empty without statistics.</param>
public sealed record SheetTable(int Layer, string SheetKey, IReadOnlyList<PercentileRow> Percentiles)
{
    /// <summary>Number of images that it was made of, see <see cref="IImagesCommand.Images"/>; 0 in older tables.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Images { get; init; }
}

/// <summary>Percentile of a picture's activation among those of the images.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Method">The picture's method.</param>
/// <param name="Variant">The picture's variant.</param>
/// <param name="Seed">The picture's seed.</param>
/// <param name="Percentile">From 0 to 100.</param>
public sealed record PercentileRow(int Layer, int Channel, string Method, string Variant, int Seed, double Percentile);
