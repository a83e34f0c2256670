using System.Diagnostics;
using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Benchmarks;

/// <summary>
/// Kept activations of a layer of 1,000 neurons, simulated: what joining takes, and queries against reading the whole layer for each.
/// </summary>
internal static class StoreBenchmarks
{
    private const int Neurons = 1_000;
    private const int ShardImages = 2_000;
    private const int Queries = 20;
    private const string Atlas = "simulated";

    private static readonly double[] Levels = [0.5, 0.9, 0.99];

    public static async Task RunAsync(IEnumerable<int> sizes)
    {
        foreach (var images in sizes)
        {
            var folder = Directory.CreateTempSubdirectory("viz-store-");
            try
            {
                await RunAsync(new FolderObjectStore(folder.FullName), folder, images);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static async Task RunAsync(FolderObjectStore store, DirectoryInfo folder, int images)
    {
        var (random, writer) = (new Random(images), new ActivationWriter(store, Atlas));
        var shards = new List<IReadOnlyList<int>>();
        for (var first = 0; first < images; first += ShardImages)
        {
            shards.Add([.. Enumerable.Range(first, Math.Min(ShardImages, images - first))]);
            var values = new Half[shards[^1].Count * Neurons];
            for (var i = 0; i < values.Length; i++)
                values[i] = (Half)Math.Max(0, -Math.Log(1 - random.NextDouble()) - 1);
            await writer.PutShardAsync(shards.Count - 1, "layer", Neurons, values, positions: null, places: 169, default);
        }
        var before = Size(folder);
        var clock = Stopwatch.StartNew();
        await writer.JoinAsync(Layer(), images, sample: null, hasPositions: false, shards, default);
        var joining = clock.Elapsed.TotalSeconds;
        await writer.DeleteShardsAsync("layer", shards.Count, hasPositions: false, default);
        var kept = (await KeptActivations.OpenAsync(store, Atlas, "layer"))!;
        Console.WriteLine(
            $"{images} images: {Size(folder) / 1e6:0.0} MB kept, {before / 1e6:0.0} MB in {shards.Count} shards before, "
            + $"joined in {joining:0.00} s");

        await CompareAsync("the 100 strongest images of a neuron", kept, async channel =>
            _ = ActivationMath.FindLargest(await kept.ReadNeuronAsync(channel), 100));
        await CompareAsync("quantiles and histogram of a neuron", kept, async channel =>
            _ = ActivationMath.Describe(await kept.ReadNeuronAsync(channel), 40, Levels));
        await CompareAsync("correlation of two neurons", kept, async channel =>
        {
            var (one, other) = (await kept.ReadNeuronAsync(channel), await kept.ReadNeuronAsync((channel + 1) % Neurons));
            _ = ActivationMath.Correlate(one, other);
        });
        await CompareAsync("all neurons of an image", kept, async channel =>
            _ = await kept.ReadImageAsync((int)((long)channel * images / Neurons)));
    }

    // A tool without an index reads the whole layer; the ratio is taken query by query.
    private static async Task CompareAsync(string what, KeptActivations kept, Func<int, Task> query)
    {
        var (times, ratios, random) = (new List<double>(), new List<double>(), new Random(1));
        await query(0);
        for (var i = 0; i < Queries; i++)
        {
            var channel = random.Next(Neurons);
            var clock = Stopwatch.StartNew();
            await query(channel);
            times.Add(clock.Elapsed.TotalMilliseconds);
            clock.Restart();
            await foreach (var block in kept.ReadBlocksAsync())
                _ = block.GetNeuron(channel).Length;
            ratios.Add(clock.Elapsed.TotalMilliseconds / times[^1]);
        }
        Console.WriteLine(
            $"  {what}: median {Bench.Median(times):0.00} ms, worst of {Queries} {times.Max():0.0} ms; reading the layer takes "
            + $"{Bench.Median(ratios):0.0} times as long");
    }

    private static long Size(DirectoryInfo folder) => folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private static LayerSpec Layer() => new()
    {
        Index = 0,
        Name = "layer",
        Kind = "conv",
        Channels = Neurons,
        Height = 13,
        Width = 13,
    };
}
