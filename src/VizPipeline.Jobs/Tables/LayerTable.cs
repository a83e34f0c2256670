namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="MergeLayer"/>: every neuron of a layer and its top patches.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Neurons">One row per channel, in order.</param>
/// <param name="Patches">By channel, then rank.</param>
public sealed record LayerTable(int Layer, IReadOnlyList<NeuronRow> Neurons, IReadOnlyList<PatchRow> Patches);

/// <summary>The statistics of one neuron over the images. Its activation on an image is the spatial maximum of its map.</summary>
public sealed record NeuronRow
{
    /// <summary>Number of bins of every histogram.</summary>
    public const int HistogramBins = 32;

    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel.</summary>
    public required int Channel { get; init; }

    /// <summary>Number of images counted.</summary>
    public required int Images { get; init; }

    /// <summary>Mean activation.</summary>
    public required double Mean { get; init; }

    /// <summary>Standard deviation of the activation.</summary>
    public required double StandardDeviation { get; init; }

    /// <summary>Largest activation.</summary>
    public required double Max { get; init; }

    /// <summary>Fraction of the images with a positive activation, from 0 to 1.</summary>
    public required double FractionPositive { get; init; }

    /// <summary>Whether the neuron is dead: active on at most 0.1 % of the images.</summary>
    public required bool Dead { get; init; }

    /// <summary>Median of the activation.</summary>
    public required double Q50 { get; init; }

    /// <summary>90 % quantile of the activation.</summary>
    public required double Q90 { get; init; }

    /// <summary>99 % quantile of the activation.</summary>
    public required double Q99 { get; init; }

    /// <summary>99.9 % quantile of the activation.</summary>
    public required double Q999 { get; init; }

    /// <summary>Lower bound of the histogram.</summary>
    public required double HistogramLow { get; init; }

    /// <summary>Upper bound of the histogram.</summary>
    public required double HistogramHigh { get; init; }

    /// <summary>Images per bin, in <see cref="HistogramBins"/> bins of equal width.</summary>
    public required IReadOnlyList<int> Histogram { get; init; }

    /// <summary>Index of the class with the largest mean; null for an unlabelled set.</summary>
    public int? BestClass { get; init; }

    /// <summary>Mean activation over the best class.</summary>
    public double? BestClassMean { get; init; }

    /// <summary>(best - rest) / (best + rest), computed from the class means, from 0 to 1; null if activations may be negative.</summary>
    public double? ClassSelectivity { get; init; }

    /// <summary>Classes of the top patches, by rank; empty for an unlabelled set.</summary>
    public IReadOnlyList<int> TopClasses { get; init; } = [];

    /// <summary>Fraction of the top patches in their most frequent class, from 0 to 1; null for an unlabelled set.</summary>
    public double? TopPurity { get; init; }
}

/// <summary>One of a neuron's top patches.</summary>
public sealed record PatchRow
{
    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel.</summary>
    public required int Channel { get; init; }

    /// <summary>Rank from 1, the largest activation, to 9.</summary>
    public required int Rank { get; init; }

    /// <summary>Index of the image in the image list.</summary>
    public required int Image { get; init; }

    /// <summary>The activation.</summary>
    public required float Activation { get; init; }

    /// <summary>Row of the position in the layer's map.</summary>
    public required int Y { get; init; }

    /// <summary>Column of the position in the layer's map.</summary>
    public required int X { get; init; }

    /// <summary>The receptive field of the position in input pixels; it may extend beyond the image.</summary>
    public required PixelBox Box { get; init; }

    /// <summary>The box, clipped to the image.</summary>
    public required PixelBox Clipped { get; init; }
}

/// <summary>A half-open box of input pixels, [X0, X1) x [Y0, Y1).</summary>
/// <param name="X0">Left edge.</param>
/// <param name="Y0">Top edge.</param>
/// <param name="X1">Right edge, exclusive.</param>
/// <param name="Y1">Bottom edge, exclusive.</param>
public sealed record PixelBox(int X0, int Y0, int X1, int Y1);
