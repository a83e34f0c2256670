using System.Runtime.CompilerServices;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>facets</c>: one row per facet of a neuron.</summary>
internal static class FacetExport
{
    public static ExportTable<Row> Table { get; } = new("facets",
    [
        new("layer", Text, row => row.Layer, "name of the layer"),
        new("channel", Integer, row => row.Of.Facet.Channel, "number of the neuron in its layer, from 0"),
        new("facet", Integer, row => row.Of.Facet.Number, "number of the facet, from 1, the largest, to at most 5"),
        new("images", Integer, row => row.Of.Facet.Images, "number of its images among the neuron's 100 strongest"),
        new("share", ColumnKind.Double, row => row.Of.Facet.Share, "its share of these images, above 0, to 1"),
        new("silhouette", ColumnKind.Double, row => row.Of.Facet.Silhouette,
            "mean silhouette of the neuron's best division into 2 to 5 facets, from -1 to 1; below 0.15 the neuron has one facet; null "
                + "with too few images"),
        new("mean_activation", ColumnKind.Double, row => row.Of.Facet.MeanActivation, "mean activation over its images", "activation"),
        new("image_indices", Integers, row => row.Of.Facet.ImageIndices, "its images, as in the table images, the strongest first"),
        new("ascent_activation", ColumnKind.Double, row => row.Of.Ascent?.Activation, "activation of the facet's ascent", "activation"),
        new("patches_file", Text, row => row.FileOf(row.Of.Patches),
            "path of the picture of its first nine patches in the atlas's folder; null without a picture"),
        new("mean_file", Text, row => row.FileOf(row.Of.Mean), "path of the mean of these patches; null without a picture"),
        new("ascent_file", Text, row => row.FileOf(row.Of.Ascent), "path of its ascent; null without a picture"),
    ], "one row per facet of a neuron, in atlases with the method facets");

    /// <summary>Reads all facets, ordered by layer, channel and number.</summary>
    public static async IAsyncEnumerable<Row> ReadAllAsync(
        CatalogContext catalog, int atlasId, string slug, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var layer in await catalog.LayersAsync(atlasId, cancellation))
            foreach (var facet in await NeuronFacet.ReadAllAsync(catalog, layer.Id, cancellation))
                yield return new Row(layer.Name, facet, slug);
    }

    /// <summary>A facet with its pictures.</summary>
    internal sealed record Row(string Layer, NeuronFacet Of, string Slug)
    {
        /// <summary>Returns the path of a picture relative to the atlas's folder.</summary>
        public string? FileOf(Picture? picture) => picture is null ? null : PictureExport.CreateRow(Layer, picture, Slug).File;
    }
}
