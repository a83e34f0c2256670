using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One of a neuron's top patches.</summary>
public sealed class Patch
{
    /// <summary>The layer.</summary>
    public int LayerId { get; set; }

    /// <summary>The channel.</summary>
    public int Channel { get; set; }

    /// <summary>Rank from 1, the largest activation, to 9.</summary>
    public int Rank { get; set; }

    /// <summary>Index of the image in its atlas.</summary>
    public int ImageIndex { get; set; }

    /// <summary>The activation.</summary>
    public float Activation { get; set; }

    /// <summary>Row of the position in the layer's map.</summary>
    public int Y { get; set; }

    /// <summary>Column of the position in the layer's map.</summary>
    public int X { get; set; }

    /// <summary>Left edge of the receptive field, in input pixels; may be negative.</summary>
    public int X0 { get; set; }

    /// <summary>Top edge of the receptive field; may be negative.</summary>
    public int Y0 { get; set; }

    /// <summary>Right edge, exclusive; may lie outside the image.</summary>
    public int X1 { get; set; }

    /// <summary>Bottom edge, exclusive; may lie outside the image.</summary>
    public int Y1 { get; set; }

    /// <summary>Left edge, clipped to the image.</summary>
    public int ClippedX0 { get; set; }

    /// <summary>Top edge, clipped to the image.</summary>
    public int ClippedY0 { get; set; }

    /// <summary>Right edge, exclusive, clipped to the image.</summary>
    public int ClippedX1 { get; set; }

    /// <summary>Bottom edge, exclusive, clipped to the image.</summary>
    public int ClippedY1 { get; set; }

    /// <summary>Left edge of the effective field, where the deconvolution comes from, padded; null before the patch was drawn.</summary>
    public int? CropX0 { get; set; }

    /// <summary>Top edge of the effective field.</summary>
    public int? CropY0 { get; set; }

    /// <summary>Right edge of the effective field, exclusive.</summary>
    public int? CropX1 { get; set; }

    /// <summary>Bottom edge of the effective field, exclusive.</summary>
    public int? CropY1 { get; set; }

    /// <summary>The activation recomputed when the patch was drawn; null before.</summary>
    public float? Recomputed { get; set; }

    /// <summary>Whether the recomputed activation differs from the first by more than rounding error; null before.</summary>
    public bool? Mismatch { get; set; }

    /// <summary>The columns that are set when the patch is drawn. Ingesting the layer again keeps them.</summary>
    internal static IReadOnlyList<string> RenderedColumns { get; } =
        [nameof(CropX0), nameof(CropY0), nameof(CropX1), nameof(CropY1), nameof(Recomputed), nameof(Mismatch)];

    /// <summary>Returns the effective field in pixels of the patch's cell in the 3x3 pictures; null before the patch was drawn.</summary>
    /// <param name="spec">The atlas.</param>
    public System.Drawing.Rectangle? GetCellCrop(AtlasSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return (CropX0, CropY0, CropX1, CropY1) is ({ } x0, { } y0, { } x1, { } y1)
            ? PixelBox.ToCell(new(X0, Y0, X1, Y1), new(x0, y0, x1, y1), spec.Model.Input[2], spec.Model.Input[1]) : null;
    }
}
