using System.Diagnostics;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Jobs;

namespace VizPipeline.Benchmarks;

/// <summary>Similar neurons of a large atlas: the index, and a plain loop that does the same.</summary>
internal static class SimilarBenchmarks
{
    private const int Images = 512;
    private const int Queries = 100;
    private const int Best = 24;

    // As many as ResNet-50's convolutions have.
    private const int Neurons = 26_560;
    private const int LayerNeurons = 1_660;

    public static void Run()
    {
        var random = new Random(0);
        var layers = Enumerable.Range(0, Neurons / LayerNeurons).Select(layer => (layer, Random(random))).ToList();
        var clock = Stopwatch.StartNew();
        var index = SimilarNeurons.Build(layers);
        Console.WriteLine(
            $"index of {Neurons} neurons on {Images} images: {index.Bytes / 1e6:0} MB, built in {clock.Elapsed.TotalMilliseconds:0} ms");
        index.FindSimilar(0, 0, Best);
        PlainLoop(layers, 0, 0);

        var (ofIndex, ofLoop, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (var query = 0; query < Queries; query++)
        {
            var (layer, channel) = (random.Next(layers.Count), random.Next(LayerNeurons));
            ofIndex.Add(Milliseconds(() => index.FindSimilar(layer, channel, Best)));
            // The loop takes long, and a few runs tell what it takes.
            if (query % 10 != 0)
                continue;
            ofLoop.Add(Milliseconds(() => PlainLoop(layers, layer, channel)));
            ratios.Add(ofLoop[^1] / ofIndex[^1]);
        }
        Console.WriteLine($"{Best} most similar of all: median {Bench.Median(ofIndex):0.0} ms, worst of {Queries} {ofIndex.Max():0.0} ms");
        Console.WriteLine(
            $"plain loop, sums in double, products only: median {Bench.Median(ofLoop):0.0} ms; ratio median {Bench.Median(ratios):0.0}");
        clock.Restart();
        index.FindSimilarAcross(0, index, 1);
        Console.WriteLine($"a layer of {LayerNeurons} against another: {clock.Elapsed.TotalMilliseconds:0} ms");
    }

    private static ActivationProfiles Random(Random random)
    {
        var values = new float[LayerNeurons * Images];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.NextSingle();
        return new ActivationProfiles(LayerNeurons, [.. Enumerable.Range(0, Images)], values);
    }

    private static double Milliseconds(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalMilliseconds;
    }

    // Only the products of all neurons, which is less than a query does.
    private static double PlainLoop(List<(int, ActivationProfiles)> layers, int layer, int channel)
    {
        var vector = layers[layer].Item2.Values.AsSpan(channel * Images, Images);
        var best = double.NegativeInfinity;
        foreach (var (_, profiles) in layers)
        {
            for (var neuron = 0; neuron < profiles.Neurons; neuron++)
            {
                var other = profiles.Values.AsSpan(neuron * Images, Images);
                var sum = 0.0;
                for (var i = 0; i < vector.Length; i++)
                    sum += (double)vector[i] * other[i];
                best = Math.Max(best, sum);
            }
        }
        return best;
    }
}
