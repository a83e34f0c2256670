using CsCheck;
using VizPipeline.Images;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>A tally does not depend on how the images are split into shards, and its numbers match a direct calculation.</summary>
public class TallyTests
{
    private const int Neurons = 3;

    // Slightly larger than the sample, which therefore contains most images but not all.
    private const int ImageSet = 700;

    // Sums of quarters are exact, so that they are the same in any order; there are only a few values, so many are equal.
    private static readonly Gen<float> Quarters = Gen.Int[-6, 6].Select(quarters => quarters / 4f);
    private static readonly Gen<float[][]> Ties = Quarters.Array[Neurons].Array[0, 40];
    private static readonly Gen<float[][]> AnyValues = Gen.Float[-1e4f, 1e4f].Array[Neurons].Array[1, 60];

    [Fact]
    public void A_tally_merged_from_shards_is_the_tally_of_the_whole()
        => Gen.Select(Ties, Gen.Int[1, 9], Gen.Bool).Sample((rows, shard, exact) =>
    {
        var merged = new LayerTally(Neurons, exact, ImageSet, isSigned: true);
        for (var first = 0; first < rows.Length; first += shard)
            merged.Merge(Of(rows, first, Math.Min(rows.Length, first + shard), exact));
        Assert.Equal(TallyFormat.Write(Of(rows, 0, rows.Length, exact)), TallyFormat.Write(merged));
    }, iter: 200);

    [Fact]
    public void Sums_of_any_values_differ_by_rounding_only() => Gen.Select(AnyValues, Gen.Int[1, 9]).Sample((rows, shard) =>
    {
        var (whole, merged) = (Of(rows, 0, rows.Length, exact: true), new LayerTally(Neurons, exact: true, ImageSet, isSigned: true));
        for (var first = 0; first < rows.Length; first += shard)
            merged.Merge(Of(rows, first, Math.Min(rows.Length, first + shard), exact: true));
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            Assert.Equal(whole.Top[neuron], merged.Top[neuron]);
            // Positive and negative values cancel, so the tolerance is relative to the sum of magnitudes.
            Assert.Equal(whole.Sums[neuron], merged.Sums[neuron], 1e-9 * rows.Sum(row => Math.Abs((double)row[neuron])));
            Assert.Equal(whole.Squares[neuron], merged.Squares[neuron], 1e-9 * whole.Squares[neuron]);
        }
    }, iter: 100);

    [Fact]
    public void Merging_is_associative() => Gen.Select(Ties, Gen.Int[0, 40], Gen.Int[0, 40], Gen.Bool).Sample((rows, x, y, exact) =>
    {
        var (cut1, cut2) = (Math.Min(Math.Min(x, y), rows.Length), Math.Min(Math.Max(x, y), rows.Length));
        LayerTally A() => Of(rows, 0, cut1, exact);
        LayerTally B() => Of(rows, cut1, cut2, exact);
        LayerTally C() => Of(rows, cut2, rows.Length, exact);
        var (left, right, tail) = (A(), A(), B());
        left.Merge(B());
        left.Merge(C());
        tail.Merge(C());
        right.Merge(tail);
        Assert.Equal(TallyFormat.Write(left), TallyFormat.Write(right));
    }, iter: 200);

    [Fact]
    public void Values_that_are_merged_with_counts_become_counts() => Gen.Select(AnyValues, Gen.Int[0, 100], Gen.Bool).Sample(
        (rows, cut, isFirst) =>
        {
            cut = Math.Min(cut, rows.Length);
            var expected = Of(rows, 0, rows.Length, exact: false);
            var (merged, tail) = (Of(rows, 0, cut, exact: isFirst), Of(rows, cut, rows.Length, exact: !isFirst));
            merged.Merge(tail);
            Assert.False(merged.Distribution.IsExact);
            Assert.Equal(expected.Distribution.Counts, merged.Distribution.Counts);
            Assert.Equal(expected.Images, merged.Images);
            var sketched = Of(rows, 0, rows.Length, exact: true);
            sketched.Distribution.Sketch();
            Assert.Equal(expected.Distribution.Counts, sketched.Distribution.Counts);
        }, iter: 100);

    [Fact]
    public void Profiles_of_a_set_that_grew_are_those_of_the_larger_set()
    {
        var (before, after) = (StableSample.Select(40, 12).ToHashSet(), StableSample.Select(70, 12).ToHashSet());
        LayerTally Tally(int first, int end, HashSet<int> profiled)
        {
            var tally = new LayerTally(1, exact: true, imageSet: 0, profiled: profiled);
            for (var image = first; image < end; image++)
                tally.Add(image, null, [image], [0]);
            return tally;
        }
        var grown = Tally(0, 40, before);
        grown.Merge(Tally(40, 70, after));
        grown.KeepProfiles(after);
        Assert.Equal(Tally(0, 70, after).Profiles.Select(row => (row.Key, row.Value[0])), grown.Profiles.Select(
            row => (row.Key, row.Value[0])));
        Assert.Equal(12, grown.Profiles.Count);
    }

    [Fact]
    public void A_saved_tally_reads_back_byte_for_byte() => Gen.Select(AnyValues, Gen.Bool).Sample((rows, exact) =>
    {
        var bytes = TallyFormat.Write(Of(rows, 0, rows.Length, exact));
        Assert.Equal(bytes, TallyFormat.Write(TallyFormat.Read(bytes, "tally")));
    }, iter: 100);

    [Fact]
    public void A_tally_from_before_there_were_profiles_still_reads() => Gen.Select(AnyValues, Gen.Bool).Sample((rows, exact) =>
    {
        var whole = Of(rows, 0, rows.Length, exact);
        var bytes = TallyFormat.Write(whole);
        var writer = new SafetensorsWriter();
        foreach (var entry in SafetensorsFile.Read(bytes, "tally").Entries.Where(
            entry => !entry.Name.StartsWith("profile.", StringComparison.Ordinal)))
            writer.Add(entry.Name, entry.Type, bytes.AsMemory((int)entry.Offset, (int)entry.ByteLength), [.. entry.Shape]);
        using var file = new MemoryStream();
        writer.WriteTo(file);
        var read = TallyFormat.Read(file.ToArray(), "tally");
        Assert.Empty(read.Profiles);
        Assert.Equal(whole.Sums, read.Sums);
        read.Merge(whole);
        Assert.Equal(whole.Profiles, read.Profiles);
    }, iter: 20);

    [Fact]
    public void Profiles_are_the_activations_of_the_sampled_images() => Gen.Select(AnyValues, Gen.Bool).Sample((rows, exact) =>
        Assert.Equal(
            ProfileSample.Select(ImageSet).TakeWhile(image => image < rows.Length).Select(image => KeyValuePair.Create(image, rows[image])),
            Of(rows, 0, rows.Length, exact).Profiles), iter: 50);

    [Fact]
    public void An_empty_tally_reads_back_byte_for_byte()
    {
        foreach (var exact in (bool[])[true, false])
        {
            var bytes = TallyFormat.Write(new LayerTally(Neurons, exact, ImageSet, isSigned: true));
            var read = TallyFormat.Read(bytes, "tally");
            Assert.Equal(bytes, TallyFormat.Write(read));
            Assert.Null(NeuronStatistics.Compute(read, 0, isRectified: false));
        }
    }

    [Fact]
    public void The_top_table_is_the_beginning_of_the_sorted_list() =>
        Gen.Select(Quarters.Array[0, 250], Gen.Int[0, int.MaxValue]).Sample((values, seed) =>
        {
            var offers = values.Select((value, image) => new TopEntry(value, image, image * 3)).ToArray();
            var expected = offers.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Image).Take(TopTable.Depth)
                .ToArray();
            new Random(seed).Shuffle(offers);
            var table = new TopTable(1);
            foreach (var offer in offers)
                table.Offer(0, offer.Value, offer.Image, offer.Position);
            Assert.Equal(expected, table.GetAll(0).ToArray());
            Assert.Equal(expected.Take(TopTable.Size), table[0].ToArray());
        }, iter: 300);

    [Fact]
    public void The_weakest_images_are_the_beginning_of_the_ascending_list() => Ties.Sample(rows =>
    {
        var read = TallyFormat.Read(TallyFormat.Write(Of(rows, 0, rows.Length, exact: true)), "tally");
        for (var neuron = 0; neuron < Neurons; neuron++)
            Assert.Equal(
                rows.Index().OrderBy(row => row.Item[neuron]).ThenBy(row => row.Index).Take(TopTable.Size)
                    .Select(row => (row.Item[neuron], row.Index)),
                read.GetBottom(neuron).Select(entry => (entry.Value, entry.Image)));
        Assert.Empty(new LayerTally(Neurons, exact: true, ImageSet).GetBottom(0));
    }, iter: 200);

    [Fact]
    public void Statistics_equal_a_plain_calculation() => Gen.OneOf(Ties.Where(rows => rows.Length > 0), AnyValues).Sample(rows =>
    {
        var tally = Of(rows, 0, rows.Length, exact: true);
        for (var neuron = 0; neuron < Neurons; neuron++)
            AssertStatistics([.. rows.Select(row => row[neuron])], NeuronStatistics.Compute(tally, neuron, isRectified: false)!);
    }, iter: 100);

    [Theory]
    [InlineData(0f)]
    [InlineData(2.5f)]
    [InlineData(-0.3f)]
    public void A_constant_neuron_has_no_deviation_and_one_bin(float value)
    {
        var tally = Of([.. Enumerable.Repeat(new[] { value, value, value }, 50)], 0, 50, exact: true);
        var facts = NeuronStatistics.Compute(tally, 1, isRectified: true)!;
        AssertStatistics([.. Enumerable.Repeat(value, 50)], facts);
        Assert.Equal(value <= 0, facts.IsDead);
        Assert.False(NeuronStatistics.Compute(tally, 1, isRectified: false)!.IsDead);
        Assert.Equal(50, facts.Histogram.Counts[0]);
    }

    [Fact]
    public void Classes_are_compared_by_their_means()
    {
        // Means of neuron 0 by class: 3, 1 and -2, the least activation.
        var tally = new LayerTally(1, exact: true, ImageSet);
        (int? Class, float Value)[] images = [(4, 2), (4, 4), (1, 1), (7, -2), (null, 100)];
        for (var image = 0; image < images.Length; image++)
            tally.Add(image, images[image].Class, [images[image].Value], [0]);
        var facts = NeuronStatistics.Compute(tally, 0, isRectified: false)!;
        Assert.Equal((4, 3.0), (facts.BestClass, facts.BestClassMean));
        Assert.Equal((3 + 0.5) / (3 - 0.5 + 4), facts.ClassSelectivity!.Value, 1e-12);
    }

    [Fact]
    public void Selectivity_equals_a_plain_calculation_above_the_least_activation_of_the_layer() =>
        Gen.Select(Gen.OneOf(Ties, AnyValues).Where(rows => rows.Length > 3), Gen.Bool).Sample((rows, isRectified) =>
        {
            if (isRectified)
                rows = [.. rows.Select(row => row.Select(value => Math.Max(0, value)).ToArray())];
            var least = isRectified ? 0 : rows.Min(row => row.Min());
            var tally = Of(rows, 0, rows.Length, exact: true);
            for (var neuron = 0; neuron < Neurons; neuron++)
            {
                var facts = NeuronStatistics.Compute(tally, neuron, isRectified)!;
                var means = rows.Index().Where(row => row.Index % 4 != 0).GroupBy(row => row.Index % 4)
                    .ToDictionary(label => label.Key, label => label.Average(row => (double)row.Item[neuron]));
                var active = rows.Count(row => row[neuron] > 0);
                Assert.Equal(active, facts.ActiveImages);
                if (isRectified && active == 0)
                {
                    Assert.Equal((null, null, null), (facts.BestClass, facts.BestClassMean, facts.ClassSelectivity));
                    continue;
                }
                var best = means[facts.BestClass!.Value];
                Assert.Equal(means.Values.Max(), best, 1e-9 * Math.Abs(best));
                var rest = means.Where(label => label.Key != facts.BestClass).Average(label => label.Value);
                var expected = best + rest - (2 * least) > 0 ? (best - rest) / (best + rest - (2 * least)) : 0;
                Assert.Equal(expected, facts.ClassSelectivity!.Value, 1e-6);
                Assert.InRange(facts.ClassSelectivity.Value, 0, 1 + 1e-9);
            }
        }, iter: 300);

    [Fact]
    public void Quantiles_from_buckets_are_within_1_6_percent() =>
        Gen.Select(Gen.Float[0.001f, 1e4f].Array[1, 300], Gen.Bool, Gen.Bool).Sample((values, isNegative, isMixed) =>
        {
            for (var i = 0; i < values.Length; i++)
                values[i] *= isNegative || (isMixed && i % 3 == 0) ? -1 : 1;
            float[][] rows = [.. values.Select(value => new[] { value, value, value })];
            var facts = NeuronStatistics.Compute(Of(rows, 0, rows.Length, exact: false), 2, isRectified: false)!;
            Array.Sort(values);
            double[] levels = [0.5, 0.9, 0.99, 0.999];
            for (var i = 0; i < levels.Length; i++)
            {
                // Between a negative and a positive neighbour a quantile may be near 0, so the tolerance is relative to the larger
                // neighbour.
                var (below, above, exact) = Quantile(values, levels[i]);
                Assert.Equal(exact, facts.Quantiles[i], 0.016 * Math.Max(Math.Abs(below), Math.Abs(above)));
            }
            Assert.Equal(values.Length, facts.Histogram.Counts.Sum());
        }, iter: 200);

    private static LayerTally Of(float[][] rows, int first, int end, bool exact)
    {
        var tally = new LayerTally(Neurons, exact, ImageSet, isSigned: true);
        for (var image = first; image < end; image++)
            tally.Add(image, image % 4 == 0 ? null : image % 4, rows[image], [image % 7, image % 5, 0]);
        return tally;
    }

    private static void AssertStatistics(float[] values, NeuronStatistics facts)
    {
        var mean = values.Average(value => (double)value);
        var meanSquare = values.Average(value => (double)value * value);
        Assert.Equal(values.Length, facts.Images);
        Assert.Equal(mean, facts.Mean, 1e-9 * Math.Sqrt(meanSquare));
        // The difference of two nearly equal numbers keeps only half of their digits.
        Assert.Equal(Math.Sqrt(values.Average(value => (value - mean) * (value - mean))), facts.Deviation, 1e-6 * Math.Sqrt(meanSquare));
        Assert.Equal(values.Max(), facts.Max);
        Assert.Equal((double)values.Count(value => value > 0) / values.Length, facts.FractionPositive);
        AssertHistogram(values, facts.Histogram);
        Array.Sort(values);
        double[] levels = [0.5, 0.9, 0.99, 0.999];
        for (var i = 0; i < levels.Length; i++)
            Assert.Equal(Quantile(values, levels[i]).Value, facts.Quantiles[i], 1e-6 * Math.Sqrt(meanSquare));
    }

    private static void AssertHistogram(float[] values, Histogram histogram)
    {
        var (low, high) = (values.Min(), values.Max());
        var expected = new long[Histogram.Bins];
        foreach (var value in values)
            expected[high > low ? Math.Min(Histogram.Bins - 1, (int)((value - (double)low) / ((double)high - low) * Histogram.Bins)) : 0]++;
        Assert.Equal((low, high), (histogram.Low, histogram.High));
        Assert.Equal(expected, histogram.Counts);
    }

    // The default method of numpy.quantile.
    private static (double Below, double Above, double Value) Quantile(float[] sorted, double level)
    {
        var position = level * (sorted.Length - 1);
        var (below, above) = ((double)sorted[(int)position], (double)sorted[Math.Min(sorted.Length - 1, (int)position + 1)]);
        return (below, above, below + ((above - below) * (position - (int)position)));
    }
}
