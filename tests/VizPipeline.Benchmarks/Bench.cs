using System.Diagnostics;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;

namespace VizPipeline.Benchmarks;

/// <summary>A network and an image set, opened once, and how things are timed.</summary>
internal sealed class Bench : IDisposable
{
    private readonly CropCache _cache;

    public Bench(string model, string images)
    {
        Graph = NetworkLoader.Load(model);
        Runner = new NetworkRunner(Graph);
        Manifest = ImageManifest.Build(images);
        Preprocessing = Preprocessing.Unit(Graph.InputShape.Height, Graph.InputShape.Width);
        _cache = CropCache.Open(Manifest, Preprocessing);
        Cached = new CropSource(Manifest, images, Preprocessing, _cache);
        Decoding = new CropSource(Manifest, images, Preprocessing);
    }

    public NetworkGraph Graph { get; }

    public NetworkRunner Runner { get; }

    public ImageManifest Manifest { get; }

    public Preprocessing Preprocessing { get; }

    public CropSource Cached { get; }

    public CropSource Decoding { get; }

    /// <summary>Wall and processor seconds of one call.</summary>
    public static (double Wall, double Cpu) Time(Action action)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        action();
        var wall = clock.Elapsed.TotalSeconds;
        process.Refresh();
        return (wall, (process.TotalProcessorTime - cpu).TotalSeconds);
    }

    /// <summary>Times A and B in turn and prints medians of each and of the ratio of their rates, pair by pair.</summary>
    public static void Compare(string nameA, Action a, double workA, string nameB, Action b, double workB, string unit, int rounds = 7)
    {
        a();
        b();
        var (ratesA, ratesB, cpuRatios) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            var (timeA, timeB) = (Time(a), Time(b));
            ratesA.Add(workA / timeA.Wall);
            ratesB.Add(workB / timeB.Wall);
            cpuRatios.Add(workB / timeB.Cpu / (workA / timeA.Cpu));
        }
        var ratios = ratesA.Zip(ratesB, (rateA, rateB) => rateB / rateA).ToList();
        Console.WriteLine($"{nameA,-44} median {Median(ratesA),9:0.0} {unit} (best {ratesA.Max():0.0})");
        Console.WriteLine($"{nameB,-44} median {Median(ratesB),9:0.0} {unit} (best {ratesB.Max():0.0})");
        Console.WriteLine(
            $"  ratio: wall median {Median(ratios):0.000} ({ratios.Min():0.000} to {ratios.Max():0.000}), "
            + $"processor time median {Median(cpuRatios):0.000}");
    }

    public static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>Works on the torch thread, as workers do.</summary>
    public static void OnTorchThread(Action action) => TorchThread.For().Run(() =>
    {
        action();
        return Task.FromResult(true);
    }).GetAwaiter().GetResult();

    /// <summary>Reads batches one after the other on the caller's thread.</summary>
    public static void ForEach(IAsyncEnumerable<CropBatch> batches, Action<CropBatch> action)
    {
        foreach (var batch in batches.ToBlockingEnumerable())
        {
            using (batch)
            using (torch.NewDisposeScope())
                action(batch);
        }
    }

    public void Dispose()
    {
        Runner.Dispose();
        _cache.Dispose();
    }
}
