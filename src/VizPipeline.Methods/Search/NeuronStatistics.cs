namespace VizPipeline.Methods.Search;

/// <summary>Counts in 32 equal bins over [Low, High]; the last bin includes High.</summary>
public sealed record Histogram(float Low, float High, long[] Counts)
{
    /// <summary>Number of bins.</summary>
    public const int Bins = 32;
}

/// <summary>One neuron's statistics over images (docs/methods.md, section 5).</summary>
/// <param name="Images">Number of images counted.</param>
/// <param name="Mean">Mean activation.</param>
/// <param name="Deviation">Population standard deviation.</param>
/// <param name="Max">Largest activation.</param>
/// <param name="FractionPositive">Share of images with an activation above 0.</param>
/// <param name="Quantiles">At 50, 90, 99 and 99.9 %, by linear interpolation.</param>
/// <param name="Histogram">32 bins from the smallest to the largest.</param>
/// <param name="BestClass">Class with the largest mean; null without classes, and if a rectified neuron is never active.</param>
/// <param name="BestClassMean">Its mean.</param>
/// <param name="ClassSelectivity">(best - rest) / (best + rest - 2 * least), where rest is the mean of the other classes' means, and least
/// is 0 in a rectified layer, otherwise the layer's least activation; null with fewer than two classes.</param>
/// <param name="ActiveImages">Number of images with an activation above 0.</param>
/// <param name="IsDead">Whether the neuron of a rectified layer is (almost) never active.</param>
public sealed record NeuronStatistics(
    long Images, double Mean, double Deviation, float Max, double FractionPositive, double[] Quantiles, Histogram Histogram,
    int? BestClass, double? BestClassMean, double? ClassSelectivity, long ActiveImages, bool IsDead)
{
    private static readonly double[] QuantileLevels = [0.5, 0.9, 0.99, 0.999];

    /// <summary>A neuron of a rectified layer that is above 0 on at most this share of the images is dead.</summary>
    public const double DeadFraction = 0.001;

    /// <summary>Computes the statistics of one neuron of a tally; null for a tally without images.</summary>
    /// <param name="tally">The tally of the layer.</param>
    /// <param name="neuron">The channel.</param>
    /// <param name="isRectified">Whether the layer's activations are never negative.</param>
    public static NeuronStatistics? Compute(LayerTally tally, int neuron, bool isRectified)
    {
        ArgumentNullException.ThrowIfNull(tally);
        if (tally.Images == 0)
            return null;
        var mean = tally.Sums[neuron] / tally.Images;
        var variance = Math.Max(0, (tally.Squares[neuron] / tally.Images) - (mean * mean));
        var (values, counts) = tally.Distribution.GetValues(neuron, tally.Min[neuron], tally.Max[neuron]);
        var positive = (double)tally.Positive[neuron] / tally.Images;
        // Among class means that are all 0 the first class would win.
        var isSilent = isRectified && tally.Positive[neuron] == 0;
        var (best, bestMean, selectivity) = isSilent ? default : Classes(tally, neuron, isRectified ? 0 : tally.Min.Min());
        return new NeuronStatistics(
            tally.Images, mean, Math.Sqrt(variance), tally.Max[neuron], positive,
            [.. QuantileLevels.Select(level => Quantile(values, counts, tally.Images, level))],
            Bin(values, counts, tally.Min[neuron], tally.Max[neuron]), best, bestMean, selectivity,
            tally.Positive[neuron], isRectified && positive <= DeadFraction);
    }

    /// <summary>
    /// Returns whether an activation is no example of what excites a neuron: 0 after a rectifier, which nearly all images share.
    /// </summary>
    public static bool IsNoExample(float activation, bool isRectified) => isRectified && activation <= 0;

    /// <summary>Returns the share of images, in percent, whose activation is below <paramref name="activation"/>.</summary>
    public static double Percentile(LayerTally tally, int neuron, float activation)
    {
        ArgumentNullException.ThrowIfNull(tally);
        var (values, counts) = tally.Distribution.GetValues(neuron, tally.Min[neuron], tally.Max[neuron]);
        var below = 0L;
        for (var i = 0; i < values.Length && values[i] < activation; i++)
            below += counts[i];
        return tally.Images == 0 ? 0 : 100.0 * below / tally.Images;
    }

    // NumPy's default: position level * (n - 1), linear between the two neighbours.
    private static double Quantile(float[] values, long[] counts, long total, double level)
    {
        var position = level * (total - 1);
        var below = (long)Math.Floor(position);
        var (low, high) = (ValueAt(values, counts, below), ValueAt(values, counts, Math.Min(below + 1, total - 1)));
        return low + ((high - low) * (position - below));
    }

    private static float ValueAt(float[] values, long[] counts, long rank)
    {
        for (var i = 0; i < values.Length; i++)
        {
            rank -= counts[i];
            if (rank < 0)
                return values[i];
        }
        return values[^1];
    }

    private static Histogram Bin(float[] values, long[] counts, float low, float high)
    {
        var bins = new long[Histogram.Bins];
        for (var i = 0; i < values.Length; i++)
        {
            var bin = high > low ? (int)((values[i] - (double)low) / ((double)high - low) * Histogram.Bins) : 0;
            bins[Math.Clamp(bin, 0, Histogram.Bins - 1)] += counts[i];
        }
        return new Histogram(low, high, bins);
    }

    private static (int? Best, double? Mean, double? Selectivity) Classes(LayerTally tally, int neuron, double least)
    {
        if (tally.Classes.Count == 0)
            return (null, null, null);
        var (best, bestMean, sum) = (-1, double.NegativeInfinity, 0.0);
        foreach (var (label, sums) in tally.Classes)
        {
            var mean = sums.Sums[neuron] / sums.Images;
            sum += mean;
            if (mean > bestMean)
                (best, bestMean) = (label, mean);
        }
        if (tally.Classes.Count < 2)
            return (best, bestMean, null);
        var rest = (sum - bestMean) / (tally.Classes.Count - 1);
        var above = bestMean + rest - (2 * least);
        // The mean of equal numbers may be larger than they are by a rounding error.
        return (best, bestMean, above > 0 ? Math.Max(0, bestMean - rest) / above : 0);
    }
}
