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

    /// <summary>The activation recomputed when the patch was drawn; null before.</summary>
    public float? Recomputed { get; set; }

    /// <summary>Whether the recomputed activation differs from the first by more than rounding error; null before.</summary>
    public bool? Mismatch { get; set; }
}
