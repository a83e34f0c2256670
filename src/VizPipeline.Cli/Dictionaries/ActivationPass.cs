using TorchSharp;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Dictionaries;

/// <summary>Runs images through a network to make a dictionary or to measure one.</summary>
/// <param name="graph">The network.</param>
/// <param name="preprocessing">How images become its input.</param>
/// <param name="images">The images.</param>
/// <param name="device">The device.</param>
internal sealed class ActivationPass(NetworkGraph graph, Preprocessing preprocessing, ChosenImages images, torch.Device device)
{
    /// <summary>The most values of a layer that are collected: 512 MiB of float32.</summary>
    public const long MostValues = 1L << 27;

    private const int Batch = 32;

    /// <summary>Collects the values of a layer at places of the images.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">About how many places.</param>
    /// <param name="seed">Determines the places.</param>
    /// <param name="cancellation">Stops the pass.</param>
    public async Task<FloatTensor> CollectAsync(Layer layer, int rows, int seed, CancellationToken cancellation)
    {
        var most = (int)Math.Clamp(MostValues / layer.Neurons, 1, rows);
        // Of a set with more images than places, an even part.
        var (all, used) = (images.Manifest.Entries.Count, Math.Min(images.Manifest.Entries.Count, most));
        var places = ActivationSample.PlacesFor(layer, used, most);
        using var runner = new NetworkRunner(graph, device);
        var sample = new ActivationSample(runner, layer, places, seed);
        await RunAsync(
            [.. Enumerable.Range(0, used).Select(i => (int)((long)i * all / used))], (batch, indices) => sample.Add(batch, indices),
            cancellation);
        return sample.ToTensor();
    }

    /// <summary>Measures how well the dictionary of a layer restores what it reads.</summary>
    public async Task<Reconstruction> MeasureAsync(Readout readout, CancellationToken cancellation)
    {
        using var runner = new NetworkRunner(graph, device);
        using var tally = new ReconstructionTally(readout.Dictionary, device);
        var features = graph.Layers.Single(layer => layer.Name == readout.Name).Node;
        await RunAsync(
            [.. Enumerable.Range(0, images.Manifest.Entries.Count)],
            (batch, _) => runner.Forward(batch, [readout.Source, features], (node, value) =>
            {
                if (node == features)
                    tally.Add(value);
                else
                    tally.Keep(value);
            }),
            cancellation);
        return tally.Total;
    }

    private async Task RunAsync(int[] chosen, Action<torch.Tensor, IReadOnlyList<int>> use, CancellationToken cancellation)
    {
        TorchRuntime.Start();
        var count = chosen.Length;
        using var files = ImageRoots.Here().Open(images.Root);
        using var progress = new LineProgress(Console.Error, "images", count);
        var crops = new CropSource(images.Manifest, files, preprocessing, null);
        var (done, skipped) = (0, 0);
        await foreach (var batch in crops.ReadBatches(chosen, Batch, Environment.ProcessorCount, cancellation))
        {
            using (batch)
            {
                skipped += batch.Skipped.Count;
                done += batch.Indices.Count + batch.Skipped.Count;
                if (batch.Indices.Count > 0)
                {
                    using var scope = torch.NewDisposeScope();
                    using var mode = torch.inference_mode();
                    use(ImageTensor.Create(batch.Pixels, batch.Indices.Count, preprocessing, device), [.. batch.Indices]);
                }
                progress.Report(done);
            }
        }
        if (skipped > 0)
            await Console.Error.WriteLineAsync($"viz: {Format.Counted(skipped, "image")} could not be read and were left out");
        if (skipped == count)
            throw new UsageException("none of the images could be read");
    }
}

/// <summary>Shows how much of a long step is done, at most every five seconds.</summary>
internal sealed class LineProgress(TextWriter output, string unit, int total) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private readonly long _began = System.Diagnostics.Stopwatch.GetTimestamp();
    private TimeSpan _told;

    /// <summary>Reports a number of units done, with a remark such as a measure of quality.</summary>
    public void Report(int done, string remark = "")
    {
        var elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(_began);
        if (elapsed - _told < Pause)
            return;
        _told = elapsed;
        var left = elapsed * ((double)(total - done) / Math.Max(1, done));
        output.WriteLine(
            $"{done:N0}/{total:N0} {unit}{remark} · {done / elapsed.TotalSeconds:N0}/s · {ProgressDisplay.FormatLeft(left)}");
    }

    /// <inheritdoc/>
    public void Dispose() => output.Flush();
}
