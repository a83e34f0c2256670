using System.Drawing;
using System.Globalization;
using VizPipeline.Catalog;
using VizPipeline.Images;

namespace VizPipeline.Atlas.Web;

/// <summary>Cuts single patches out of a neuron's stored picture of nine.</summary>
internal static class PatchCut
{
    /// <summary>Returns the SVG view box of a part of a patch's cell in the stored picture.</summary>
    /// <param name="mosaic">The layout of the picture.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="crop">The part of the cell, in its pixels; null for the whole cell.</param>
    public static string ViewBox(PatchMosaic mosaic, Patch patch, Rectangle? crop)
    {
        ArgumentNullException.ThrowIfNull(mosaic);
        ArgumentNullException.ThrowIfNull(patch);
        var corner = mosaic.CornerOf(patch.Rank);
        var part = crop ?? new Rectangle(0, 0, mosaic.CellWidth, mosaic.CellHeight);
        return string.Create(CultureInfo.InvariantCulture, $"{corner.X + part.X} {corner.Y + part.Y} {part.Width} {part.Height}");
    }
}
