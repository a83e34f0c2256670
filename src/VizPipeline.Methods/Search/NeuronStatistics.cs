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
/// <param name="BestClass">Class with the largest mean; null without classes.</param>
/// <param name="BestClassMean">Its mean.</param>
/// <param name="ClassSelectivity">(best - rest) / (best + rest), where rest is the mean of the other classes' means and class means below 0
/// count as 0; null with fewer than two classes.</param>
public sealed record NeuronStatistics(
    long Images, double Mean, double Deviation, float Max, double FractionPositive, double[] Quantiles, Histogram Histogram,
    int? BestClass, double? BestClassMean, double? ClassSelectivity)
{
    private static readonly double[] QuantileLevels = [0.5, 0.9, 0.99, 0.999];

    /// <summary>A neuron that is above 0 on at most this share of the images is dead.</summary>
    public const double DeadFraction = 0.001;

    /// <summary>Whether the neuron is (almost) never active.</summary>
    public bool IsDead => FractionPositive <= DeadFraction;

    /// <summary>Computes the statistics of one neuron of a tally; null for a tally without images.</summary>
    public static NeuronStatistics? Compute(LayerTally tally, int neuron)
    {
        ArgumentNullException.ThrowIfNull(tally);
        if (tally.Images == 0)
            return null;
        var mean = tally.Sums[neuron] / tally.Images;
        var variance = Math.Max(0, (tally.Squares[neuron] / tally.Images) - (mean * mean));
        var (values, counts) = tally.Distribution.GetValues(neuron, tally.Min[neuron], tally.Max[neuron]);
        var (best, bestMean, selectivity) = Classes(tally, neuron);
        return new NeuronStatistics(
            tally.Images, mean, Math.Sqrt(variance), tally.Max[neuron], (double)tally.Positive[neuron] / tally.Images,
            [.. QuantileLevels.Select(level => Quantile(values, counts, tally.Images, level))],
            Bin(values, counts, tally.Min[neuron], tally.Max[neuron]), best, bestMean, selectivity);
    }

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

    private static (int? Best, double? Mean, double? Selectivity) Classes(LayerTally tally, int neuron)
    {
        if (tally.Classes.Count == 0)
            return (null, null, null);
        var (best, bestMean, sum) = (-1, double.NegativeInfinity, 0.0);
        foreach (var (label, sums) in tally.Classes)
        {
            var mean = sums.Sums[neuron] / sums.Images;
            sum += Math.Max(0, mean);
            if (mean > bestMean)
                (best, bestMean) = (label, mean);
        }
        if (tally.Classes.Count < 2)
            return (best, bestMean, null);
        var most = Math.Max(0, bestMean);
        var rest = (sum - most) / (tally.Classes.Count - 1);
        return (best, bestMean, most + rest > 0 ? (most - rest) / (most + rest) : 0);
    }
}
