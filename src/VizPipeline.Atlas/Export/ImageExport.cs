using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>images</c>: one row per image of the set.</summary>
internal static class ImageExport
{
    public static ExportTable<Row> Table { get; } = new("images",
    [
        new("index", Integer, row => row.Image.ImageIndex, "position in the set, from 0"),
        new("path", Text, row => row.Image.Path, "path in the set"),
        new("class", Text, row => row.Names.Class(row.Image.Label), "name of the class; null if the image has none"),
        new("class_index", Integer, row => row.Image.Label, "number of the class"),
        new("unreadable", Text, row => row.Image.UnreadableReason, "why the image could not be read; null if it could"),
        new("class_rank", Integer, row => row.Image.ClassRank, "rank of the class among the network's outputs, from 1; null if unknown"),
    ], "one row per image of the set");

    /// <summary>Reads all images, in their order.</summary>
    public static IAsyncEnumerable<Row> ReadAllAsync(CatalogContext catalog, int atlasId, AtlasNames names) =>
        catalog.ImagesAsync(atlasId).Select(image => new Row(image, names));

    /// <summary>An image and the names of its atlas.</summary>
    internal sealed record Row(Image Image, AtlasNames Names);
}
