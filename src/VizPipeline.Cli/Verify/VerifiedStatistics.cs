using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.Methods.Search;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Collects the activations of the neurons under verification on all images, and compares their statistics with the catalog's. Values come
/// from single images; of the pipeline only the definitions are used (<see cref="NeuronStatistics"/>).
/// </summary>
internal sealed class VerifiedStatistics
{
    // Of more images the atlas keeps counts in buckets of 1/32 octave (docs/methods.md, section 5).
    private const double BucketError = 0.02;
    private const double SmallestBucket = 1.0 / (1 << 14);

    private readonly ILookup<int, (NeuronUnderTest[] Neurons, LayerTally Tally)> _byNode;

    /// <summary>Creates empty collections for some neurons.</summary>
    public VerifiedStatistics(IReadOnlyList<NeuronUnderTest> neurons) => _byNode = neurons.GroupBy(neuron => neuron.Layer)
        // One place more than neurons: for the least value of the whole layer, which selectivity may be measured from.
        .ToLookup(layer => layer.Key.Node, layer => (layer.ToArray(), new LayerTally(layer.Count() + 1, exact: true, imageSet: 0)));

    /// <summary>Adds the maps of a node on one image.</summary>
    public void Add(int node, int image, int? label, torch.Tensor value)
    {
        using var flat = value[0].reshape(value.shape[1], -1);
        using var peaks = flat.amax([1]);
        var maxima = LayerValues.ToArray(peaks);
        foreach (var (neurons, tally) in _byNode[node])
            tally.Add(image, label, [.. neurons.Select(neuron => maxima[neuron.Channel]), maxima.Min()], new int[neurons.Length + 1]);
    }

    /// <summary>Compares the statistics of every neuron, and adds each difference to <paramref name="findings"/>.</summary>
    /// <param name="images">The image list.</param>
    /// <param name="findings">Receives the differences.</param>
    public void Compare(ImageList images, List<string> findings)
    {
        foreach (var (neurons, tally) in _byNode.SelectMany(layers => layers))
        {
            for (var place = 0; place < neurons.Length; place++)
            {
                if (NeuronStatistics.Compute(tally, place, neurons[place].Layer.IsRectified) is { } facts)
                    Compare(neurons[place], facts, tally, place, findings);
                CompareTopClasses(neurons[place], images, findings);
            }
        }
    }

    private static void Compare(NeuronUnderTest neuron, NeuronStatistics facts, LayerTally tally, int place, List<string> findings)
    {
        float[] activations = [.. tally.Distribution.Rows.Select(row => row[place])];
        var record = neuron.Record;
        void Check(string name, double? recorded, double? computed, double tolerance)
        {
            // Written so that NaN is a mismatch, too.
            if (recorded is null != computed is null
                || (recorded is { } one && computed is { } other && !(Math.Abs(one - other) <= tolerance)))
                findings.Add($"{neuron.Name}: {name} {Text(recorded)}, computed again {Text(computed)}");
        }
        double Noise(double value) => (1e-3 * Math.Max(Math.Abs(value), 0.1 * facts.Deviation)) + 1e-6;
        var isExact = activations.Length <= ActivationDistribution.ExactImages;
        double Rounded(double value) => Noise(value) + (isExact ? 0 : Math.Max(BucketError * Math.Abs(value), SmallestBucket));
        Check("images", record.Images, facts.Images, 0);
        Check("mean", record.Mean, facts.Mean, Noise(facts.Mean));
        Check("standard_deviation", record.StandardDeviation, facts.Deviation, Noise(facts.Deviation));
        Check("max", record.Max, facts.Max, Noise(facts.Max));
        // A value that noise may move over 0, or over the limit of the dead, counts either way.
        var doubtful = activations.Count(value => value != 0 && Math.Abs(value) <= Noise(0));
        var share = (doubtful + 0.5) / activations.Length;
        Check("fraction_positive", record.FractionPositive, facts.FractionPositive, share);
        Check("active_images", record.ActiveImages, facts.ActiveImages, doubtful);
        if (record.Dead != facts.IsDead && Math.Abs(facts.FractionPositive - NeuronStatistics.DeadFraction) > share)
            findings.Add($"{neuron.Name}: dead {record.Dead}, computed again {facts.IsDead}");
        Check("q50", record.Q50, facts.Quantiles[0], Rounded(facts.Quantiles[0]));
        Check("q90", record.Q90, facts.Quantiles[1], Rounded(facts.Quantiles[1]));
        Check("q99", record.Q99, facts.Quantiles[2], Rounded(facts.Quantiles[2]));
        Check("q999", record.Q999, facts.Quantiles[3], Rounded(facts.Quantiles[3]));
        Check("histogram_low", record.HistogramLow, facts.Histogram.Low, Noise(facts.Histogram.Low));
        Check("histogram_high", record.HistogramHigh, facts.Histogram.High, Noise(facts.Histogram.High));
        if (!HasHistogram(record, facts.Histogram, activations, Rounded))
            findings.Add($"{neuron.Name}: histogram differs from the one computed again");
        Check("best_class_mean", record.BestClassMean, facts.BestClassMean, Noise(facts.BestClassMean ?? 0));
        Check("class_selectivity", record.ClassSelectivity, facts.ClassSelectivity, 2e-3);
        if (record.BestClass != facts.BestClass && !IsAsGood(record.BestClass, facts, tally, place, Noise))
            findings.Add($"{neuron.Name}: best_class {record.BestClass}, computed again {facts.BestClass}");
    }

    private static void CompareTopClasses(NeuronUnderTest neuron, ImageList images, List<string> findings)
    {
        int[] classes = [.. neuron.Patches.Where(patch => patch.ImageIndex < images.Images.Count)
            .Select(patch => images.Images[patch.ImageIndex].Label).OfType<int>()];
        if (!classes.SequenceEqual(neuron.Record.TopClasses ?? []))
            findings.Add(
                $"{neuron.Name}: top_classes {string.Join(' ', neuron.Record.TopClasses ?? [])}, of its patches "
                + string.Join(' ', classes));
        var purity = classes.Length == 0
            ? (double?)null : (double)classes.CountBy(label => label).Max(count => count.Value) / classes.Length;
        if (purity is null != neuron.Record.TopPurity is null || Math.Abs((purity ?? 0) - (neuron.Record.TopPurity ?? 0)) > 1e-6)
            findings.Add($"{neuron.Name}: top_purity {Text(neuron.Record.TopPurity)}, of its patches {Text(purity)}");
    }

    // Two classes may have the same mean.
    private static bool IsAsGood(int? label, NeuronStatistics facts, LayerTally tally, int place, Func<double, double> noise) =>
        label is { } recorded && facts.BestClassMean is { } best && tally.Classes.TryGetValue(recorded, out var sums)
        && Math.Abs((sums.Sums[place] / sums.Images) - best) <= noise(best);

    // Each bin may have the values that are certainly or possibly in it.
    private static bool HasHistogram(Neuron record, Histogram computed, float[] activations, Func<double, double> noise)
    {
        if (record.Histogram is not { Length: Histogram.Bins } bins || bins.Sum() != activations.Length)
            return false;
        var width = ((double)computed.High - computed.Low) / Histogram.Bins;
        int Bin(double value) => width > 0 ? (int)Math.Clamp((value - computed.Low) / width, 0, Histogram.Bins - 1) : 0;
        var (least, most) = (new int[Histogram.Bins], new int[Histogram.Bins]);
        foreach (var value in activations)
        {
            var (from, to) = (Bin(value - noise(value)), Bin(value + noise(value)));
            if (from == to)
                least[from]++;
            for (var bin = from; bin <= to; bin++)
                most[bin]++;
        }
        return Enumerable.Range(0, Histogram.Bins).All(bin => bins[bin] >= least[bin] && bins[bin] <= most[bin]);
    }

    private static string Text(double? value) => value is { } number ? $"{number:G6}" : "none";
}
