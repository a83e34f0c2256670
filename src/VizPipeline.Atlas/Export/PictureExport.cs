using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>pictures</c>: one row per picture; pictures of whole layers have channel -1.</summary>
internal static class PictureExport
{
    public static ExportTable<Row> Table { get; } = new("pictures",
    [
        new("layer", Text, row => row.Layer),
        new("channel", Integer, row => row.Picture.Channel),
        new("method", Text, row => row.Picture.Method),
        new("variant", Text, row => row.Picture.Variant),
        new("seed", Integer, row => row.Picture.Seed),
        new("key", Text, row => row.Picture.Key),
        new("status", Text, row => row.Picture.Status),
        new("activation", ColumnKind.Double, row => row.Picture.Activation),
        new("percentile", ColumnKind.Double, row => row.Picture.Percentile),
        new("best_step", Integer, row => row.Picture.BestStep),
        new("steps", Integer, row => row.Picture.Steps),
        new("parameters", Json, row => row.Picture.Parameters),
        new("objective", Singles, row => row.Picture.Objective),
        new("file", Text, row => row.File),
    ]);

    /// <summary>Reads all pictures, ordered by layer, channel, method, variant and seed.</summary>
    public static IAsyncEnumerable<Row> ReadAllAsync(CatalogContext catalog, int atlasId, string slug, CancellationToken cancellation)
        => catalog.PicturesAsync(atlasId, cancellation).Select(entry => CreateRow(entry.Layer.Name, entry.Picture, slug));

    /// <summary>Creates the row of one picture.</summary>
    public static Row CreateRow(string layer, Picture picture, string slug)
    {
        var root = AtlasKeys.Root(slug) + "/";
        return new Row(layer, picture, picture.Key?.StartsWith(root, StringComparison.Ordinal) == true ? picture.Key[root.Length..] : null);
    }

    /// <summary>A picture and its path relative to the atlas's folder.</summary>
    internal sealed record Row(string Layer, Picture Picture, string? File);
}
