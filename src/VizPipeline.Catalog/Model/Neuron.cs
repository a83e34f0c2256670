namespace VizPipeline.Catalog;

/// <summary>One neuron. Rows exist for all neurons from the start; the statistics are null until the layer is merged.</summary>
public sealed class Neuron
{
    /// <summary>The layer.</summary>
    public int LayerId { get; set; }

    /// <summary>The channel.</summary>
    public int Channel { get; set; }

    /// <summary>Name of the network output; null for neurons of other layers and for unnamed outputs.</summary>
    public string? Name { get; set; }

    /// <summary>Number of images counted.</summary>
    public int? Images { get; set; }

    /// <summary>Mean activation over the images.</summary>
    public double? Mean { get; set; }

    /// <summary>Standard deviation of the activation.</summary>
    public double? StandardDeviation { get; set; }

    /// <summary>Largest activation.</summary>
    public double? Max { get; set; }

    /// <summary>Fraction of the images with a positive activation, from 0 to 1.</summary>
    public double? FractionPositive { get; set; }

    /// <summary>Whether it is active on at most 0.1 % of the images.</summary>
    public bool? Dead { get; set; }

    /// <summary>Median.</summary>
    public double? Q50 { get; set; }

    /// <summary>90 % quantile.</summary>
    public double? Q90 { get; set; }

    /// <summary>99 % quantile.</summary>
    public double? Q99 { get; set; }

    /// <summary>99.9 % quantile.</summary>
    public double? Q999 { get; set; }

    /// <summary>Lower bound of the histogram.</summary>
    public double? HistogramLow { get; set; }

    /// <summary>Upper bound of the histogram.</summary>
    public double? HistogramHigh { get; set; }

    /// <summary>Images per bin, in 32 bins of equal width.</summary>
    public int[]? Histogram { get; set; }

    /// <summary>Index of the class with the largest mean.</summary>
    public int? BestClass { get; set; }

    /// <summary>Mean activation over the best class.</summary>
    public double? BestClassMean { get; set; }

    /// <summary>(best - rest) / (best + rest), computed from the class means.</summary>
    public double? ClassSelectivity { get; set; }

    /// <summary>Classes of the top patches, by rank.</summary>
    public int[]? TopClasses { get; set; }

    /// <summary>Fraction of the top patches in their most frequent class.</summary>
    public double? TopPurity { get; set; }
}
