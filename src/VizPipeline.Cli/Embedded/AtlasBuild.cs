using System.Reflection;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>Builds or resumes an atlas in a folder and prints the result. Common to <c>run</c> and <c>demo</c>.</summary>
internal static class AtlasBuild
{
    /// <summary>Runs until the atlas is finished and returns the exit code.</summary>
    public static async Task<int> RunAsync(AtlasRequest request, string folder, string? cacheFolder, CancellationToken cancellation)
    {
        var (time, spec) = (TimeProvider.System, AtlasSpecs.Create(request));
        var started = time.GetTimestamp();
        await using var atlas = new EmbeddedAtlas(folder, spec.Id, options =>
        {
            options.Device = request.Device;
            options.CacheFolder = cacheFolder;
        });
        var opened = await atlas.Planner.OpenAsync(spec, AtlasSpecs.ToImageList(request.Images), cancellation);
        PrintStart(opened, atlas.Folder);
        if (opened.State == AtlasState.CompletedWithFailures)
            await atlas.Planner.RetryAsync(spec.Id, cancellation);
        AtlasResult outcome;
        if (opened.State != AtlasState.Completed)
        {
            await atlas.StartAsync(cancellation);
            var finished = atlas.Monitor.WhenFinishedAsync(spec.Id, cancellation);
            await new ProgressDisplay(atlas.Monitor, spec.Id, time).ShowAsync(finished, cancellation);
        }
        outcome = await atlas.Monitor.WhenFinishedAsync(spec.Id, cancellation);
        await WriteManifestAsync(atlas.Store, opened.Spec, outcome, cancellation);
        return PrintResult(opened.Spec, outcome, atlas.Folder, time.GetElapsedTime(started));
    }

    private static void PrintStart(OpenedAtlas opened, string folder)
    {
        var spec = opened.Spec;
        var images = spec.NeedsScan() ? $" over {spec.Images.Count:N0} images" : "";
        var verb = !opened.Resumed ? "Building" : opened.State == AtlasState.Completed ? "Already complete:" : "Resuming";
        Console.WriteLine(
            $"{verb} atlas '{spec.Id}': {spec.NeuronCount():N0} neurons in {spec.Layers.Count} layers of {spec.Name}{images}, in {folder}");
    }

    private static Task WriteManifestAsync(FolderObjectStore store, AtlasSpec spec, AtlasResult outcome, CancellationToken cancellation)
    {
        var version = typeof(AtlasBuild).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return store.PutAsync(
            AtlasKeys.Manifest(spec.Id), VizJson.Write(AtlasManifest.Of(spec, outcome, version ?? "", TorchSharp.torch.__version__)),
            cancellation);
    }

    private static int PrintResult(AtlasSpec spec, AtlasResult outcome, string folder, TimeSpan took)
    {
        foreach (var job in outcome.Failures.Take(20))
            Console.Error.WriteLine($"viz: job {job.JobId} ({job.Kind.ToString().ToLowerInvariant()}) failed: {job.Error}");
        if (outcome.Failures.Count > 20)
            Console.Error.WriteLine($"viz: and {outcome.Failures.Count - 20} more; `viz status {folder}` lists them");
        var sheets = Path.Combine(folder, "sheets");
        Console.WriteLine(
            $"{(outcome.Failures.Count == 0 ? "Done" : "Completed with failures")} in {ProgressDisplay.FormatDuration(took)}. Contact "
            + "sheets, one per layer:");
        foreach (var layer in spec.Layers)
            Console.WriteLine($"  {Path.Combine(sheets, AtlasKeys.LayerFileName(layer.Name))}.png");
        return outcome.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failures;
    }
}
