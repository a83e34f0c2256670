using TorchSharp;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Torch;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.Dictionaries;

/// <summary>Training, principal components and measures on data whose answer is known.</summary>
public class DictionaryLearningTests
{
    private const int Channels = 24;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public void Training_finds_the_directions_that_the_data_were_made_of()
    {
        var (rows, truth) = Planted(4000, directions: 32, active: 2, seed: 1);
        var fits = new List<double>();
        var training = new TopKTraining(Features: 40, Count: 2, Steps: 600, Batch: 512, Rate: 0.01, Seed: 3);

        var found = TopKTrainer.Train(rows, training, torch.CPU, (_, fit) => fits.Add(fit), _cancellation);

        var likeness = truth.Select(direction => Enumerable.Range(0, 40).Max(i => Cosine(direction, Row(found.Decoder!, i)))).ToArray();
        Assert.True(
            likeness.Count(cosine => cosine > 0.95) >= 26, string.Join(" ", likeness.Order().Select(cosine => cosine.ToString("0.00"))));
        Assert.InRange(fits[^1], 0.9, 1);
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(1, Length(Row(found.Decoder!, i)), 1e-4));
        // Nobody has to watch.
        Assert.InRange(Measure(TopKTrainer.Train(rows, training, torch.CPU, null, _cancellation), rows).R2()!.Value, 0.9, 1);
        var facts = Measure(found, rows);
        Assert.InRange(facts.R2()!.Value, 0.9, 1);
        Assert.InRange(facts.L0(), 1, 2);
    }

    [Fact]
    public void Principal_components_are_orthonormal_eigenvectors_and_R2_is_their_share_of_the_variance()
    {
        var (rows, _) = Planted(2000, directions: 32, active: 3, seed: 2);
        var (all, some) = (PrincipalComponents.Fit(rows, Channels), PrincipalComponents.Fit(rows, 5));
        var (covariance, variances) = (Covariance(rows), new double[Channels]);
        for (var i = 0; i < Channels; i++)
        {
            var vector = Row(all.Encoder, i);
            double[] turned = [.. Enumerable.Range(0, Channels).Select(
                c => Enumerable.Range(0, Channels).Sum(k => covariance[c, k] * vector[k]))];
            variances[i] = Length([.. turned.Select(value => (float)value)]);
            for (var c = 0; c < Channels; c++)
                Assert.Equal(variances[i] * vector[c], turned[c], 1e-4 * variances[0]);
            for (var j = 0; j < Channels; j++)
                Assert.Equal(i == j ? 1 : 0, Row(all.Encoder, i).Zip(Row(all.Encoder, j), (a, b) => (double)a * b).Sum(), 1e-5);
        }
        Assert.Equal(variances.OrderDescending(), variances);
        Assert.Equal(Enumerable.Range(0, 5).SelectMany(i => Row(all.Encoder, i)), some.Encoder.Values);
        Assert.Equal(variances.Take(5).Sum() / variances.Sum(), Measure(some, rows).R2()!.Value, 1e-5);
        Assert.Equal(1, Measure(all, rows).R2()!.Value, 1e-6);
    }

    [Fact]
    public void Sums_of_parts_are_those_of_the_whole_and_equal_a_plain_computation()
    {
        var (rows, _) = Planted(300, directions: 8, active: 3, seed: 4);
        var dictionary = PrincipalComponents.Fit(rows, 4) with { Activation = DictionaryActivation.TopK, Count = 2 };
        var parts = (Part(rows, 0, 100), Part(rows, 100, 300));
        var (whole, sum) = (Measure(dictionary, rows), Measure(dictionary, parts.Item1).Plus(Measure(dictionary, parts.Item2)));
        Assert.Equal((whole.Places, whole.Active), (sum.Places, sum.Active));
        Assert.Equal(whole.Used, sum.Used);
        Assert.Equal(whole.R2()!.Value, sum.R2()!.Value, 1e-9);

        double error = 0, variance = 0, active = 0;
        var mean = Enumerable.Range(0, Channels).Select(c => Enumerable.Range(0, 300).Average(i => (double)Row(rows, i)[c])).ToArray();
        var used = new bool[4];
        for (var i = 0; i < 300; i++)
        {
            var row = Row(rows, i);
            var codes = Codes(dictionary, row);
            active += codes.Count(code => code > 0);
            for (var feature = 0; feature < 4; feature++)
                used[feature] |= codes[feature] > 0;
            for (var c = 0; c < Channels; c++)
            {
                var restored = dictionary.DecoderBias!.Values[c]
                    + Enumerable.Range(0, 4).Sum(k => codes[k] * dictionary.Decoder!.Values[(k * Channels) + c]);
                error += Math.Pow(row[c] - restored, 2);
                variance += Math.Pow(row[c] - mean[c], 2);
            }
        }
        Assert.Equal(1 - (error / variance), whole.R2()!.Value, 1e-6);
        Assert.Equal(active / 300, whole.L0(), 1e-9);
        Assert.Equal(used.Count(was => !was) / 4.0, whole.DeadShare());
    }

    [Fact]
    public void A_sample_has_the_values_of_the_layer_at_different_places()
    {
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        var graph = RandomNetworks.Make(1);
        var layer = graph.Layers[0];
        using var runner = new NetworkRunner(graph);
        var images = RandomNetworks.Images(graph, 3, 5);
        var area = layer.Shape.Height * layer.Shape.Width;
        var values = runner.Forward(images, layer.Node).ToArray();
        HashSet<string> Columns(int image) => [.. Enumerable.Range(0, area).Select(place => string.Join(
            ' ', Enumerable.Range(0, layer.Neurons).Select(c => values[(((image * layer.Neurons) + c) * area) + place])))];

        var sample = new ActivationSample(runner, layer, 7, seed: 1);
        sample.Add(images, [10, 11, 12]);
        var rows = sample.ToTensor();

        Assert.Equal([21, layer.Neurons], rows.Shape);
        for (var image = 0; image < 3; image++)
        {
            var columns = Columns(image);
            Assert.All(Enumerable.Range(image * 7, 7), i => Assert.Contains(string.Join(' ', Row(rows, i)), columns));
        }
        var every = new ActivationSample(runner, layer, area, seed: 1);
        every.Add(images, [10, 11, 12]);
        Assert.Equal(3 * area, every.Count);
        // The places depend on the image's index, not on its batch.
        var alone = new ActivationSample(runner, layer, 7, seed: 1);
        alone.Add(images.narrow(0, 1, 1), [11]);
        foreach (var (expected, actual) in rows.Values.Skip(7 * layer.Neurons).Zip(alone.ToTensor().Values))
            Assert.Equal(expected, actual, 1e-5);
    }

    // Sums of a few of some random directions of length 1, with coefficients from 0.5 to 1.5, around a mean that is not 0.
    private static (FloatTensor Rows, float[][] Directions) Planted(int count, int directions, int active, int seed)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var truth = Enumerable.Range(0, directions).Select(_ =>
        {
            double[] vector = [.. Enumerable.Range(0, Channels).Select(_ => Normal())];
            var length = Math.Sqrt(vector.Sum(value => value * value));
            return vector.Select(value => (float)(value / length)).ToArray();
        }).ToArray();
        var values = new float[count * Channels];
        for (var i = 0; i < count; i++)
        {
            foreach (var direction in Enumerable.Range(0, directions).OrderBy(_ => random.Next()).Take(active).ToArray())
            {
                var factor = 20 * (0.5 + random.NextDouble());
                for (var c = 0; c < Channels; c++)
                    values[(i * Channels) + c] += (float)(factor * truth[direction][c]);
            }
            for (var c = 0; c < Channels; c++)
                values[(i * Channels) + c] += 3;
        }
        return (new FloatTensor("rows", [count, Channels], values), truth);
    }

    private static Reconstruction Measure(FeatureDictionary dictionary, FloatTensor rows)
    {
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        using var tally = new ReconstructionTally(dictionary, torch.CPU);
        var values = torch.tensor(rows.Values, [rows.Shape[0], Channels]);
        float[] codes = [.. Enumerable.Range(0, rows.Shape[0]).SelectMany(
            i => Codes(dictionary, Row(rows, i)).Select(code => (float)code))];
        tally.Keep(values);
        tally.Add(torch.tensor(codes, [rows.Shape[0], dictionary.Features]));
        return tally.Total;
    }

    private static double[] Codes(FeatureDictionary dictionary, float[] row)
    {
        double[] before = [.. Enumerable.Range(0, dictionary.Features).Select(i => (dictionary.EncoderBias?.Values[i] ?? 0)
            + Enumerable.Range(0, Channels).Sum(
                c => (row[c] - dictionary.InputBias!.Values[c]) * (double)dictionary.Encoder.Values[(i * Channels) + c]))];
        if (dictionary.Activation == DictionaryActivation.None)
            return before;
        var least = before.OrderDescending().ElementAt(dictionary.Count - 1);
        return [.. before.Select(value => value >= least ? Math.Max(0, value) : 0)];
    }

    private static double[,] Covariance(FloatTensor rows)
    {
        var (count, sums) = (rows.Shape[0], new double[Channels, Channels]);
        var mean = Enumerable.Range(0, Channels).Select(
            c => Enumerable.Range(0, count).Average(i => (double)rows.Values[(i * Channels) + c])).ToArray();
        for (var i = 0; i < count; i++)
        {
            for (var a = 0; a < Channels; a++)
            {
                for (var b = 0; b < Channels; b++)
                    sums[a, b] += (rows.Values[(i * Channels) + a] - mean[a]) * (rows.Values[(i * Channels) + b] - mean[b]);
            }
        }
        return sums;
    }

    private static FloatTensor Part(FloatTensor rows, int first, int end) =>
        new("part", [end - first, Channels], rows.Values[(first * Channels)..(end * Channels)]);

    private static float[] Row(FloatTensor table, int index) =>
        table.Values.AsSpan(index * table.Shape[1], table.Shape[1]).ToArray();

    private static double Length(float[] vector) => Math.Sqrt(vector.Sum(value => (double)value * value));

    private static double Cosine(float[] one, float[] two) => one.Zip(two, (a, b) => (double)a * b).Sum() / (Length(one) * Length(two));
}
