namespace VizPipeline.Jobs;

/// <summary>The statistics of one neuron over the images. Its activation on an image is the spatial maximum of its map.</summary>
/// <remarks>
/// This is the list of all statistics. The result table of a merge and the catalog's <c>neuron</c> table derive from it; exports, API,
/// <c>v_neuron</c>, sorting and filtering read <see cref="Statistics"/>. A new statistic goes to the end, because columns of views are
/// only ever added there.
/// </remarks>
public abstract class NeuronFacts
{
    /// <summary>Column of <see cref="ActiveImages"/>.</summary>
    public const string ActiveImagesName = "active_images";

    /// <summary>Number of bins of every histogram.</summary>
    public const int HistogramBins = 32;

    /// <summary>All statistics, in order.</summary>
    public static IReadOnlyList<Statistic> Statistics { get; } = Statistic.ReadAll();

    /// <summary>Number of images counted.</summary>
    [Statistic("images", "images counted")]
    public int? Images { get; set; }

    /// <summary>Mean activation.</summary>
    [Statistic("mean", "mean activation over all images", Sortable = true, Unit = "activation")]
    public double? Mean { get; set; }

    /// <summary>Population standard deviation of the activation.</summary>
    [Statistic("standard_deviation", "standard deviation of the activation", Sortable = true, Unit = "activation")]
    public double? StandardDeviation { get; set; }

    /// <summary>Largest activation.</summary>
    [Statistic("max", "largest activation on any image", Sortable = true, Unit = "activation")]
    public double? Max { get; set; }

    /// <summary>Fraction of the images with a positive activation, from 0 to 1.</summary>
    [Statistic("fraction_positive", "share of images with an activation above 0, from 0 to 1", Sortable = true)]
    public double? FractionPositive { get; set; }

    /// <summary>
    /// Whether the neuron is dead: above 0 on at most 0.1 % of the images, in a rectified layer. Never in a layer whose activations can be
    /// negative.
    /// </summary>
    [Statistic("dead", "whether the neuron of a rectified layer is active on at most 0.1 % of the images")]
    public bool? Dead { get; set; }

    /// <summary>Median of the activation.</summary>
    [Statistic("q50", "median activation", Sortable = true, Unit = "activation")]
    public double? Q50 { get; set; }

    /// <summary>90 % quantile of the activation.</summary>
    [Statistic("q90", "activation that 90 % of the images do not exceed", Sortable = true, Unit = "activation")]
    public double? Q90 { get; set; }

    /// <summary>99 % quantile of the activation.</summary>
    [Statistic("q99", "activation that 99 % of the images do not exceed", Sortable = true, Unit = "activation")]
    public double? Q99 { get; set; }

    /// <summary>99.9 % quantile of the activation.</summary>
    [Statistic("q999", "activation that 99.9 % of the images do not exceed", Sortable = true, Unit = "activation")]
    public double? Q999 { get; set; }

    /// <summary>Lower bound of the histogram: the smallest activation.</summary>
    [Statistic("histogram_low", "lower bound of the histogram", Unit = "activation")]
    public double? HistogramLow { get; set; }

    /// <summary>Upper bound of the histogram: the largest activation.</summary>
    [Statistic("histogram_high", "upper bound of the histogram", Unit = "activation")]
    public double? HistogramHigh { get; set; }

    /// <summary>Images per bin, in <see cref="HistogramBins"/> bins of equal width.</summary>
    [Statistic("histogram", "images per bin, in 32 bins of equal width")]
    public int[]? Histogram { get; set; }

    /// <summary>Index of the class with the largest mean; null for an unlabelled set, and if the neuron is never active.</summary>
    [Statistic("best_class", "class with the largest mean activation", IsClass = true)]
    public int? BestClass { get; set; }

    /// <summary>Mean activation over the best class.</summary>
    [Statistic("best_class_mean", "mean activation over the images of the best class", Sortable = true, Unit = "activation")]
    public double? BestClassMean { get; set; }

    /// <summary>
    /// (best - rest) / (best + rest - 2 * least), computed from the class means, where least is 0 in a rectified layer and otherwise the
    /// layer's least activation; from 0 to 1. Null with fewer than two classes.
    /// </summary>
    [Statistic(
        "class_selectivity",
        "(best - rest) / (best + rest), from the mean activation of the best class and the mean of the other classes, both above the least "
            + "activation of the layer; 1 if only the best class excites the neuron",
        Sortable = true, NeedsSupport = true)]
    public double? ClassSelectivity { get; set; }

    /// <summary>Classes of the top patches, by rank; empty for an unlabelled set.</summary>
    [Statistic("top_classes", "classes of the top patches, by rank", IsClass = true)]
    public int[]? TopClasses { get; set; }

    /// <summary>
    /// Fraction of the top patches in their most frequent class, from 0 to 1; null for an unlabelled set, and without a patch.
    /// </summary>
    [Statistic(
        "top_purity", "share of the top patches in their most frequent class, from 0 to 1", Sortable = true, NeedsSupport = true)]
    public double? TopPurity { get; set; }

    /// <summary>Number of images with a positive activation: what selectivity and purity rest on.</summary>
    [Statistic(ActiveImagesName, "number of images with an activation above 0", Sortable = true)]
    public int? ActiveImages { get; set; }

    /// <summary>Copies all statistics to another record; an undefined number (NaN) becomes null, since SQL has no NaN.</summary>
    public void CopyTo(NeuronFacts target)
    {
        foreach (var statistic in Statistics)
        {
            var value = statistic.Read(this);
            statistic.Property.SetValue(target, value is double.NaN ? null : value);
        }
    }
}
