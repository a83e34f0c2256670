using System.Diagnostics;
using TorchSharp;
using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Input;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Graph;
using VizPipeline.ObjectStore;

namespace VizPipeline.Benchmarks;

/// <summary>The one pass over the images against the network's raw forward pass.</summary>
internal static class SearchBenchmarks
{
    private const int BatchSize = 32;

    public static void Cached(Bench bench)
    {
        var indices = Enumerable.Range(0, Math.Min(480, bench.Manifest.Entries.Count / BatchSize * BatchSize)).ToArray();
        Bench.ForEach(bench.Cached.ReadBatches(indices, BatchSize, 2), _ => { });
        var inputs = new List<torch.Tensor>();
        Bench.ForEach(bench.Cached.ReadBatches(indices, BatchSize, 2), batch => inputs.Add(Upload(bench, batch).DetachFromDisposeScope()));
        Bench.Compare(
            "raw forward, channels-last, batch 32", () => Raw(bench, inputs), indices.Length,
            "search of all layers, from the cache", () => Search(bench, bench.Cached, indices), indices.Length, "images/s");
    }

    public static void Kept(Bench bench)
    {
        var indices = Enumerable.Range(0, Math.Min(480, bench.Manifest.Entries.Count / BatchSize * BatchSize)).ToArray();
        Bench.ForEach(bench.Cached.ReadBatches(indices, BatchSize, 2), _ => { });
        var joins = new List<double>();
        Bench.Compare(
            "search of all layers, from the cache", () => Search(bench, bench.Cached, indices), indices.Length,
            "the same, and activations kept in files", () => joins.Add(SearchAndKeep(bench, indices)), indices.Length, "images/s",
            rounds: 9);
        Console.WriteLine($"  of it, joining them once per layer: median {1000 * Bench.Median(joins):0} ms");
    }

    // All that keeping costs: in the pass rows and the shard's files, and afterwards joining them to blocks, which is included.
    private static double SearchAndKeep(Bench bench, int[] indices)
    {
        var folder = Directory.CreateTempSubdirectory("viz-bench-");
        var (writer, layers) = (new ActivationWriter(new FolderObjectStore(folder.FullName), "bench"), bench.Graph.Layers);
        List<ActivationRows> rows = [.. layers.Select(layer => new ActivationRows(layer.Name, layer.Neurons, indices, positions: false))];
        Search(bench, bench.Cached, indices, rows);
        // Not on the torch thread, which would wait for what continues on it.
        var join = Task.Run(async () =>
        {
            await PutAsync(writer, layers, rows);
            var clock = Stopwatch.StartNew();
            await JoinAsync(writer, layers, indices);
            return clock.Elapsed.TotalSeconds;
        }).GetAwaiter().GetResult();
        folder.Delete(recursive: true);
        return join;
    }

    private static Task PutAsync(ActivationWriter writer, IReadOnlyList<Layer> layers, List<ActivationRows> rows)
        => Parallel.ForEachAsync(layers.Zip(rows), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (of, token) =>
            await writer.PutShardAsync(0, of.First.Name, of.First.Neurons, of.Second.Values, null, 1, token));

    private static async Task JoinAsync(ActivationWriter writer, IReadOnlyList<Layer> layers, int[] indices)
    {
        foreach (var layer in layers)
            await writer.JoinAsync(
                new LayerSpec { Index = 0, Name = layer.Name, Kind = "conv", Channels = layer.Neurons, Height = 1, Width = 1 },
                indices.Length, null, hasPositions: false, [indices], default);
    }

    public static void FromJpeg(Bench bench)
    {
        var indices = Enumerable.Range(0, bench.Manifest.Entries.Count).ToArray();
        var input = torch.rand([BatchSize, 3, bench.Preprocessing.CropHeight, bench.Preprocessing.CropWidth]).ChannelsLast();
        List<torch.Tensor> inputs = [.. Enumerable.Repeat(input, indices.Length / BatchSize)];
        Raw(bench, inputs);
        var efficiencies = new List<double>();
        for (var round = 0; round < 7; round++)
        {
            var forward = Bench.Time(() => Raw(bench, inputs));
            var decode = Bench.Time(() => Bench.ForEach(bench.Decoding.ReadBatches(indices, BatchSize, 2), _ => { }));
            var search = Bench.Time(() => Search(bench, bench.Decoding, indices));
            var allowed = ((forward.Cpu * indices.Length / (inputs.Count * BatchSize)) + decode.Cpu) / Environment.ProcessorCount;
            efficiencies.Add(allowed / search.Wall);
            Console.WriteLine(
                $"forward {forward.Cpu:0.00} core-s, decode {decode.Cpu:0.00} core-s, "
                + $"search from JPEG {search.Wall:0.00} s ({indices.Length / search.Wall:0.0} images/s)");
        }
        Console.WriteLine($"  share of what {Environment.ProcessorCount} cores allow: median {Bench.Median(efficiencies):0.000}");
    }

    public static void Memory(Bench bench)
    {
        using var process = Process.GetCurrentProcess();
        var all = Enumerable.Range(0, bench.Manifest.Entries.Count).ToArray();
        for (var pass = 1; pass <= 10; pass++)
        {
            Search(bench, bench.Cached, all);
            process.Refresh();
            Console.WriteLine(
                $"after {pass * all.Length,6} images: resident {process.WorkingSet64 / 1e6:0} MB, "
                + $"peak {process.PeakWorkingSet64 / 1e6:0} MB");
        }
    }

    private static void Raw(Bench bench, List<torch.Tensor> inputs)
    {
        foreach (var input in inputs)
        {
            using var scope = torch.NewDisposeScope();
            bench.Runner.Forward(input, [bench.Graph.Output], (_, _) => { });
        }
    }

    private static void Search(Bench bench, CropSource source, int[] indices, List<ActivationRows>? keep = null)
    {
        var search = new TopPatchSearch(bench.Runner, bench.Graph.Layers, exact: true, bench.Manifest.Entries.Count)
        {
            Observe = keep is null
                ? null : (layer, image, activations, positions) => keep[layer].Add(image, activations, positions),
        };
        Bench.ForEach(source.ReadBatches(indices, BatchSize, Environment.ProcessorCount), batch =>
        {
            search.Add(Upload(bench, batch), [.. batch.Indices], new int?[batch.Indices.Count]);
        });
    }

    private static torch.Tensor Upload(Bench bench, CropBatch batch)
        => ImageTensor.Create(batch.Pixels, batch.Indices.Count, bench.Preprocessing, bench.Runner.Device);
}
