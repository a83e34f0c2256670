using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>
/// The table <c>patches</c>: one row per patch. The box is in pixels of the preprocessed crop and clipped to it; the columns
/// <c>field_*</c> have the whole receptive field, which may extend beyond the crop, and <c>crop_*</c> the effective field.
/// </summary>
internal static class PatchExport
{
    public static ExportTable<Row> Table { get; } = new("patches",
    [
        new("layer", Text, row => row.Layer),
        new("channel", Integer, row => row.Patch.Channel),
        new("rank", Integer, row => row.Patch.Rank),
        new("image", Text, row => row.Image),
        new("activation", ColumnKind.Single, row => row.Patch.Activation),
        new("y", Integer, row => row.Patch.Y),
        new("x", Integer, row => row.Patch.X),
        new("x0", Integer, row => row.Patch.ClippedX0),
        new("y0", Integer, row => row.Patch.ClippedY0),
        new("x1", Integer, row => row.Patch.ClippedX1),
        new("y1", Integer, row => row.Patch.ClippedY1),
        new("class", Text, row => row.Class),
        new("field_x0", Integer, row => row.Patch.X0),
        new("field_y0", Integer, row => row.Patch.Y0),
        new("field_x1", Integer, row => row.Patch.X1),
        new("field_y1", Integer, row => row.Patch.Y1),
        new("crop_x0", Integer, row => row.Patch.CropX0),
        new("crop_y0", Integer, row => row.Patch.CropY0),
        new("crop_x1", Integer, row => row.Patch.CropX1),
        new("crop_y1", Integer, row => row.Patch.CropY1),
        new("recomputed", ColumnKind.Single, row => row.Patch.Recomputed),
        new("mismatch", Flag, row => row.Patch.Mismatch),
    ]);

    /// <summary>Reads all patches, ordered by layer, channel and rank.</summary>
    public static async IAsyncEnumerable<Row> ReadAllAsync(
        CatalogContext catalog, int atlasId, AtlasNames names, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var layer in await catalog.LayersAsync(atlasId, cancellation))
        {
            var patches =
                from patch in catalog.Patches.AsNoTracking()
                join image in catalog.Images.AsNoTracking()
                    on new { AtlasId = atlasId, patch.ImageIndex } equals new { image.AtlasId, image.ImageIndex }
                where patch.LayerId == layer.Id
                orderby patch.Channel, patch.Rank
                select new { patch, image.Path, image.Label };
            await foreach (var row in patches.AsAsyncEnumerable().WithCancellation(cancellation))
                yield return new Row(layer.Name, row.patch, row.Path, names.Class(row.Label));
        }
    }

    /// <summary>A patch and the path and class of its image.</summary>
    internal sealed record Row(string Layer, Patch Patch, string Image, string? Class);
}
