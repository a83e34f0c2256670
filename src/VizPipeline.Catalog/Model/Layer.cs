namespace VizPipeline.Catalog;

/// <summary>One observed layer of an atlas.</summary>
public sealed class Layer
{
    /// <summary>Its number within this catalog.</summary>
    public int Id { get; set; }

    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>The layer's number in the atlas, see <see cref="Jobs.LayerSpec.Index"/>; not its place in the network.</summary>
    public int LayerIndex { get; set; }

    /// <summary>The layer's name in the network.</summary>
    public required string Name { get; set; }

    /// <summary><c>conv</c>, <c>linear</c>, <c>merge</c>, <c>dictionary</c> or <c>output</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>The operator, for display.</summary>
    public required string Operator { get; set; }

    /// <summary>Number of neurons.</summary>
    public int Channels { get; set; }

    /// <summary>Height of a feature map.</summary>
    public int Height { get; set; }

    /// <summary>Width of a feature map.</summary>
    public int Width { get; set; }

    /// <summary>Size of the receptive field along y, in input pixels.</summary>
    public int FieldHeight { get; set; }

    /// <summary>Size of the receptive field along x, in input pixels.</summary>
    public int FieldWidth { get; set; }

    /// <summary>Distance between neighbouring fields along y, in input pixels.</summary>
    public int StrideY { get; set; }

    /// <summary>Distance between neighbouring fields along x, in input pixels.</summary>
    public int StrideX { get; set; }

    /// <summary>Centre of the field of row 0, in input pixels.</summary>
    public double StartY { get; set; }

    /// <summary>Centre of the field of column 0, in input pixels.</summary>
    public double StartX { get; set; }

    /// <summary>Whether every unit sees the whole input.</summary>
    public bool SeesWholeInput { get; set; }

    /// <summary>Number of weights and biases of the layer's operator.</summary>
    public long Parameters { get; set; }

    /// <summary>Number of weighted operators from the input up to this layer.</summary>
    public int Depth { get; set; }

    /// <summary>Floating-point operations for one image.</summary>
    public long Flops { get; set; }

    /// <summary>Key of the contact sheet; null until it is drawn.</summary>
    public string? SheetKey { get; set; }

    /// <summary>Whether no activation can be below 0, so that neurons can be dead; null in atlases that do not record it.</summary>
    public bool? Rectified { get; set; }
}
