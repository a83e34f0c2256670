using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>pictures</c>: one row per picture; pictures of whole layers have channel -1.</summary>
internal static class PictureExport
{
    public static ExportTable<Row> Table { get; } = new("pictures",
    [
        new("layer", Text, row => row.Layer, "name of the layer"),
        new("channel", Integer, row => row.Picture.Channel, "number of the neuron in its layer; -1 for pictures of the whole layer"),
        new("method", Text, row => row.Picture.Method, "top9, deconv, ascent, facets or filters"),
        new("variant", Text, row => row.Picture.Variant, "recipe of an ascent, or number and content of a picture of a facet"),
        new("seed", Integer, row => row.Picture.Seed, "seed of an ascent"),
        new("object_key", Text, row => row.Picture.Key, "key in a cluster's object store; null without a picture"),
        new("status", Text, row => row.Picture.Status, "done, dead, converged or best_at_step"),
        new("activation", ColumnKind.Double, row => row.Picture.Activation,
            "activation of the picture, or of the strongest patch", "activation"),
        new("percentile", ColumnKind.Double, row => row.Picture.Percentile,
            "share of images with a smaller activation than the ascent", "percent"),
        new("best_step", Integer, row => row.Picture.BestStep, "step at which the ascent was at its best, from 0", "steps"),
        new("steps", Integer, row => row.Picture.Steps, "steps that the ascent took", "steps"),
        new("parameters", Json, row => row.Picture.Parameters, "the settings, as JSON"),
        new("objective", Singles, row => row.Picture.Objective, "the objective at each step", "activation"),
        new("file", Text, row => row.File, "path in the atlas's folder; null without a picture"),
    ], "one row per picture");

    /// <summary>Reads all pictures, ordered by layer, channel, method, variant and seed.</summary>
    public static IAsyncEnumerable<Row> ReadAllAsync(CatalogContext catalog, int atlasId, string slug, CancellationToken cancellation)
        => catalog.PicturesAsync(atlasId, cancellation).Select(entry => CreateRow(entry.Layer.Name, entry.Picture, slug));

    /// <summary>Creates the row of one picture.</summary>
    public static Row CreateRow(string layer, Picture picture, string slug)
    {
        var root = AtlasKeys.Root(slug) + "/";
        return new Row(
            layer, picture, picture.Key is { } key && key.StartsWith(root, StringComparison.Ordinal) ? AtlasKeys.PathInFolder(key) : null);
    }

    /// <summary>A picture and its path relative to the atlas's folder.</summary>
    internal sealed record Row(string Layer, Picture Picture, string? File);
}
