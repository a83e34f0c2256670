using CsCheck;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Compares similar neurons with a plain calculation of all correlations.</summary>
public sealed class SimilarNeuronsTests
{
    // More neurons than in a block, and numbers of images with every remainder modulo the register width.
    private static readonly Gen<(ActivationProfiles[] Layers, int Seed)> Atlases =
        Gen.Select(Gen.Int[2, 40], Gen.Int[0, 150].Array[1, 4], Gen.Int[0, int.MaxValue]).Select((images, layers, seed) =>
        {
            var random = new Random(seed);
            return (layers.Select(neurons => Random(random, neurons, images)).ToArray(), seed);
        });

    [Fact]
    public void The_most_similar_are_those_of_a_plain_calculation() => Gen.Select(Atlases, Gen.Int[1, 200]).Sample((atlas, count) =>
    {
        var index = Index(atlas.Layers);
        var random = new Random(atlas.Seed);
        var layer = random.Next(atlas.Layers.Length);
        if (atlas.Layers[layer].Neurons == 0)
            return;
        var channel = random.Next(atlas.Layers[layer].Neurons);
        var all = Correlations(atlas.Layers, layer, channel).ToDictionary();
        var found = index.FindSimilar(layer, channel, count);

        Assert.Equal(Math.Min(count, all.Count), found.Count);
        Assert.Equal(found.Count, found.Select(one => (one.Layer, one.Channel)).Distinct().Count());
        Assert.Equal(found.OrderByDescending(one => one.Similarity).ThenBy(one => one.Layer).ThenBy(one => one.Channel), found);
        Assert.All(found, one => Assert.Equal(all[(one.Layer, one.Channel)], one.Similarity, 1e-5));
        // Rounding may swap neighbours, so the similarities are compared rank by rank.
        Assert.All(found.Zip(all.Values.OrderDescending()), pair => Assert.Equal(pair.Second, pair.First.Similarity, 1e-5));
    }, iter: 200);

    [Fact]
    public void The_best_match_across_is_that_of_a_plain_calculation() => Atlases.Sample(atlas =>
    {
        var (here, there) = (atlas.Layers[0], atlas.Layers[^1]);
        var found = Index(here).FindSimilarAcross(0, SimilarNeurons.Build([(7, there)]), 7);
        Assert.Equal(here.Neurons, found.Count);
        for (var neuron = 0; neuron < here.Neurons; neuron++)
        {
            var all = Enumerable.Range(0, there.Neurons).Select(other => Correlation(Row(here, neuron), Row(there, other))).ToArray();
            if (all.All(value => value is null))
            {
                Assert.Equal((-1, 0f), found[neuron]);
                continue;
            }
            Assert.Equal(all.Max()!.Value, found[neuron].Similarity, 1e-5);
            Assert.Equal(all[found[neuron].Channel]!.Value, found[neuron].Similarity, 1e-5);
        }
    }, iter: 50);

    [Fact]
    public void Equally_similar_neurons_come_by_layer_and_channel()
    {
        float[] row = [1, 2, 4, 3, 7];
        var same = new ActivationProfiles(70, [0, 1, 2, 3, 4], [.. Enumerable.Repeat(row, 70).SelectMany(values => values)]);
        var index = SimilarNeurons.Build([(5, same), (2, same)]);
        Assert.Equal([2, 5], index.Layers);
        Assert.Equal(
            [.. Enumerable.Range(0, 70).Select(channel => (2, channel)), .. Enumerable.Range(0, 68).Select(channel => (5, channel))],
            Places(index.FindSimilar(5, 69, 138)));
        Assert.All(index.FindSimilarAcross(2, index, 5), match => Assert.Equal(0, match.Channel));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.1f)]
    [InlineData(-3e38f)]
    public void A_constant_neuron_is_like_no_other(float value)
    {
        var images = Enumerable.Range(0, 300).ToArray();
        var values = new float[3 * images.Length];
        values.AsSpan(0, images.Length).Fill(value);
        for (var i = 0; i < images.Length; i++)
            (values[images.Length + i], values[(2 * images.Length) + i]) = (i, i % 2 == 0 ? 3e38f : -3e38f);
        var index = Index(new ActivationProfiles(3, images, values));

        Assert.Empty(index.FindSimilar(0, 0, 10));
        Assert.Equal([(0, 2)], Places(index.FindSimilar(0, 1, 10)));
        Assert.Equal([-1, 1, 2], index.FindSimilarAcross(0, index, 0).Select(match => match.Channel));
    }

    [Fact]
    public void Scale_and_offset_do_not_matter()
    {
        var found = Index(new ActivationProfiles(3, [0, 1, 2], [1, 2, 5, 10, 20, 50, 9, 8, 5])).FindSimilar(0, 0, 2);
        Assert.Equal([(0, 1), (0, 2)], Places(found));
        Assert.Equal([1f, -1f], found.Select(one => one.Similarity), (one, other) => Math.Abs(one - other) < 1e-6);
    }

    [Fact]
    public void Layers_without_samples_are_left_out_and_unknown_ones_have_no_answer()
    {
        var index = SimilarNeurons.Build([(0, new ActivationProfiles(4, [], [])), (1, new ActivationProfiles(2, [0, 1], [1, 2, 3, 1]))]);
        Assert.Equal([1], index.Layers);
        Assert.Equal([0, 1], index.Images);
        Assert.Empty(index.FindSimilar(0, 0, 5));
        Assert.Empty(index.FindSimilar(9, 0, 5));
        Assert.Empty(index.FindSimilarAcross(0, index, 1));
        Assert.Empty(index.FindSimilar(1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.FindSimilar(1, 2, 5));
    }

    [Fact]
    public void Other_samples_are_left_out_of_an_index_and_refused_between_two()
    {
        var (one, other) = (new ActivationProfiles(1, [0, 1], [1, 2]), new ActivationProfiles(1, [0, 2], [1, 2]));
        Assert.Contains(
            "different images", Assert.Throws<ArgumentException>(() => Index(one).FindSimilarAcross(0, Index(other), 0)).Message);
        Assert.Equal([0], Index(one, other).Layers);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => Index(one).With([(0, one)])).Message);
    }

    private static SimilarNeurons Index(params ActivationProfiles[] layers) =>
        SimilarNeurons.Build(layers.Select((profiles, layer) => (layer, profiles)));

    private static IEnumerable<(int Layer, int Channel)> Places(IEnumerable<(int Layer, int Channel, float Similarity)> found) =>
        found.Select(one => (one.Layer, one.Channel));

    private static ActivationProfiles Random(Random random, int neurons, int images)
    {
        var values = new float[neurons * images];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() - 0.3f;
        for (var neuron = 0; neuron < neurons; neuron += 5)
            values.AsSpan(neuron * images, images).Fill(random.Next(3) / 10f);
        return new ActivationProfiles(neurons, [.. Enumerable.Range(0, images).Select(image => image * 2)], values);
    }

    private static IEnumerable<KeyValuePair<(int Layer, int Channel), double>> Correlations(
        ActivationProfiles[] layers, int layer, int channel)
    {
        for (var other = 0; other < layers.Length; other++)
        {
            for (var neuron = 0; neuron < layers[other].Neurons; neuron++)
            {
                if ((other, neuron) != (layer, channel)
                    && Correlation(Row(layers[layer], channel), Row(layers[other], neuron)) is { } found)
                    yield return KeyValuePair.Create((other, neuron), found);
            }
        }
    }

    private static float[] Row(ActivationProfiles profiles, int neuron) =>
        profiles.Values[(neuron * profiles.Images.Length)..((neuron + 1) * profiles.Images.Length)];

    private static double? Correlation(float[] one, float[] other)
    {
        if (one.Distinct().Count() < 2 || other.Distinct().Count() < 2)
            return null;
        var (mean, otherMean) = (one.Average(value => (double)value), other.Average(value => (double)value));
        var product = one.Zip(other, (x, y) => (x - mean) * (y - otherMean)).Sum();
        return product / Math.Sqrt(one.Sum(x => (x - mean) * (x - mean)) * other.Sum(y => (y - otherMean) * (y - otherMean)));
    }
}
