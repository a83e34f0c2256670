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
        new("layer", Text, row => row.Layer, "name of the layer"),
        new("channel", Integer, row => row.Patch.Channel, "number of the neuron in its layer, from 0"),
        new("rank", Integer, row => row.Patch.Rank, "1 for the largest activation, to 9"),
        new("image", Text, row => row.Image, "path of the image in its set"),
        new("activation", ColumnKind.Single, row => row.Patch.Activation,
            "the neuron's activation: the maximum of its map on the image", "activation"),
        new("y", Integer, row => row.Patch.Y, "row of the maximum in the map", "positions"),
        new("x", Integer, row => row.Patch.X, "column of the maximum in the map", "positions"),
        new("x0", Integer, row => row.Patch.ClippedX0, "left edge of the patch, clipped to the image", "pixels"),
        new("y0", Integer, row => row.Patch.ClippedY0, "top edge of the patch, clipped to the image", "pixels"),
        new("x1", Integer, row => row.Patch.ClippedX1, "right edge of the patch, clipped to the image, exclusive", "pixels"),
        new("y1", Integer, row => row.Patch.ClippedY1, "bottom edge of the patch, clipped to the image, exclusive", "pixels"),
        new("class", Text, row => row.Class, "class of the image; null if it has none"),
        new("field_x0", Integer, row => row.Patch.X0, "left edge of the whole receptive field, which may lie outside the image", "pixels"),
        new("field_y0", Integer, row => row.Patch.Y0, "top edge of the whole receptive field", "pixels"),
        new("field_x1", Integer, row => row.Patch.X1, "right edge of the whole receptive field, exclusive", "pixels"),
        new("field_y1", Integer, row => row.Patch.Y1, "bottom edge of the whole receptive field, exclusive", "pixels"),
        new("crop_x0", Integer, row => row.Patch.CropX0,
            "left edge of the effective field, where 98 % of the deconvolution's energy comes from", "pixels"),
        new("crop_y0", Integer, row => row.Patch.CropY0, "top edge of the effective field", "pixels"),
        new("crop_x1", Integer, row => row.Patch.CropX1, "right edge of the effective field, exclusive", "pixels"),
        new("crop_y1", Integer, row => row.Patch.CropY1, "bottom edge of the effective field, exclusive", "pixels"),
        new("recomputed", ColumnKind.Single, row => row.Patch.Recomputed,
            "the activation measured again when the patch was drawn; null before", "activation"),
        new("mismatch", Flag, row => row.Patch.Mismatch, "whether recomputed differs by more than rounding; null before"),
    ], "one row per top patch; boxes are half-open, in pixels of the preprocessed image");

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
