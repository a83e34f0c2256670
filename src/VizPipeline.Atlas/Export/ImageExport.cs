using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>images</c>: one row per image of the set.</summary>
internal static class ImageExport
{
    public static ExportTable<Row> Table { get; } = new("images",
    [
        new("index", Integer, row => row.Image.ImageIndex),
        new("path", Text, row => row.Image.Path),
        new("class", Text, row => row.Names.Class(row.Image.Label)),
        new("class_index", Integer, row => row.Image.Label),
        new("unreadable", Text, row => row.Image.UnreadableReason),
    ]);

    /// <summary>An image and the names of its atlas.</summary>
    internal sealed record Row(Image Image, AtlasNames Names);
}
