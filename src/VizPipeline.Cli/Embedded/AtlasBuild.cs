using System.Reflection;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Status;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;
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
        await PendingChanges.FinishAsync(folder, cancellation);
        double? speed = File.Exists(EmbeddedAtlas.CatalogFile(folder)) ? null : PrintPlan(request, spec, folder, cacheFolder);
        await using var atlas = new EmbeddedAtlas(folder, spec.Id, options =>
        {
            options.Device = request.Device;
            options.CacheFolder = cacheFolder;
        }, speed);
        var opened = await atlas.Planner.OpenAsync(
            spec, AtlasSpecs.ToImageList(request.Images), priority: 0, stop => StoreDictionariesAsync(atlas.Store, request, spec.Id, stop),
            cancellation);
        PrintStart(opened, request, atlas.Folder);
        if (opened.Before is { } before)
            PrintGrowth(request, before, opened.Spec, opened.Added, opened.ScannedAgain);
        if (opened.State == AtlasState.CompletedWithFailures || opened.Before is not null)
            await atlas.Planner.RetryAsync(spec.Id, cancellation);
        AtlasResult outcome;
        if (opened.State != AtlasState.Completed)
        {
            await atlas.StartAsync(cancellation);
            var finished = atlas.Monitor.WhenFinishedAsync(spec.Id, cancellation);
            await new ProgressDisplay(atlas.Monitor, spec.Id, time).ShowAsync(finished, cancellation);
        }
        outcome = await atlas.Monitor.WhenFinishedAsync(spec.Id, cancellation);
        await WriteManifestAsync(atlas.Store, opened, outcome, cancellation);
        return PrintResult(opened.Spec, outcome, atlas.Folder, time.GetElapsedTime(started));
    }

    private static async Task StoreDictionariesAsync(
        FolderObjectStore store, AtlasRequest request, string atlasId, CancellationToken cancellation)
    {
        foreach (var dictionary in request.Dictionaries)
            await dictionary.StoreAsync(store, atlasId, cancellation);
    }

    /// <summary>Prints what the atlas will be and cost, and returns the measured speed of a device.</summary>
    public static double PrintPlan(AtlasRequest request, AtlasSpec spec, string folder, string? cacheFolder)
    {
        var speed = BuildPlan.MeasureSpeed(request);
        var plan = new BuildPlan(request, spec, speed * TorchDevice.Count(request.Device));
        foreach (var line in plan.Lines(Path.GetFullPath(folder), caches: cacheFolder != ""))
            Console.WriteLine(line);
        return speed;
    }

    private static void PrintStart(OpenedAtlas opened, AtlasRequest request, string folder)
    {
        var spec = opened.Spec;
        var images = spec.NeedsScan() ? $" over {Format.Counted(spec.Images.Count, "image")}" : "";
        var verb = !opened.Resumed ? "Building" : opened.Before is not null ? "Growing"
            : opened.State == AtlasState.Completed ? "Already complete:" : "Resuming";
        Console.WriteLine(
            $"{verb} atlas '{spec.Id}': {Format.Counted(spec.NeuronCount(), "neuron")} in {Format.Counted(spec.Layers.Count, "layer")} "
            + $"of {spec.Name}{images}, in {folder}");
        if (request.ClassReport is { } report && opened.State != AtlasState.Completed)
            Console.WriteLine(report);
    }

    /// <summary>Prints what an existing atlas would gain, and what that costs.</summary>
    /// <exception cref="AtlasConflictException">The settings change what it has.</exception>
    public static async Task PrintGrowthAsync(AtlasRequest request, StoredAtlas stored, AtlasSpec asked, CancellationToken cancellation)
    {
        var store = stored.OpenStore();
        var (joined, _) = await GrowingImages.JoinAsync(
            store, stored.Database.Place, stored.Spec, asked, AtlasSpecs.ToImageList(request.Images), cancellation);
        var lost = await GrowingImages.FindLostAsync(store, stored.Spec, joined, cancellation);
        var added = AtlasGrowth.Describe(stored.Spec, joined);
        if (added.Count == 0)
            Console.WriteLine($"Atlas '{stored.Spec.Id}' has all of this already: nothing is new");
        else
            PrintGrowth(request, stored.Spec, joined, added, GrowingImages.CountImages(stored.Spec, lost));
    }

    private static void PrintGrowth(
        AtlasRequest request, AtlasSpec before, AtlasSpec joined, IReadOnlyList<string> added, int scannedAgain)
    {
        var speed = BuildPlan.MeasureSpeed(request) * TorchDevice.Count(request.Device);
        Console.WriteLine(
            $"New: {string.Join("; ", added)}. {Atlas.Web.Format.Capital(BuildPlan.FormatDifference(before, joined, speed))} on this "
            + $"machine; all else stays{Again(before, joined)}");
        if (scannedAgain > 0)
            Console.WriteLine(
                $"{Format.Counted(scannedAgain, "image")} that the atlas has run through the network once more, because the results of "
                + "their shards were taken away");
    }

    // What is made again of the layers that it has.
    private static string Again(AtlasSpec before, AtlasSpec joined)
    {
        if (ImageGrowth.Redrawn(before, joined) is > 0 and var neurons)
        {
            var (recipes, ascents) = ImageGrowth.RedrawnAscents(before, joined);
            return ", but for the pictures of neurons whose top 9 changes (of "
                + $"{Format.Counted(neurons, "neuron")} at most)"
                + (recipes.Count == 0 ? "" : $", all {Format.Counted(ascents, "ascent")} with {string.Join(", ", recipes)}, whose input is "
                    + "the mean spectrum of the images, which new images change,")
                + " and the contact sheets";
        }
        return AtlasGrowth.Describe(before with { Layers = joined.Layers }, joined).Count > 0
            ? ", and the contact sheets are drawn again" : "";
    }

    private static async Task WriteManifestAsync(
        FolderObjectStore store, OpenedAtlas opened, AtlasResult outcome, CancellationToken cancellation)
    {
        var spec = opened.Spec;
        var version = typeof(AtlasBuild).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        // Without the program itself, whose path is no part of what was asked for.
        string[] command = [.. Environment.GetCommandLineArgs().Skip(1)];
        await AtlasManifest.WriteAsync(
            store, spec, outcome, version ?? "", command, TorchSharp.torch.__version__, await ListObjectsAsync(store, opened, cancellation),
            cancellation);
    }

    // The list of an atlas that was complete before stays: it would hide what has happened to the objects since.
    private static async Task<string> ListObjectsAsync(FolderObjectStore store, OpenedAtlas opened, CancellationToken cancellation)
    {
        var key = AtlasKeys.ObjectList(opened.Spec.Id);
        return opened.State == AtlasState.Completed && await store.TryGetAsync(key, cancellation) is { } known
            ? ObjectHashes.Hash(known) : await ObjectHashes.WriteListAsync(store, opened.Spec.Id, cancellation);
    }

    private static int PrintResult(AtlasSpec spec, AtlasResult outcome, string folder, TimeSpan took)
    {
        foreach (var job in outcome.Failures.Take(20))
            Console.Error.WriteLine($"viz: job {job.JobId} ({job.Kind.ToString().ToLowerInvariant()}) failed: {job.Error}");
        if (outcome.Failures.Count > 20)
            Console.Error.WriteLine($"viz: and {outcome.Failures.Count - 20} more; `viz status {folder}` lists them");
        foreach (var line in outcome.Accuracy is { } accuracy ? StatusText.AccuracyLines(accuracy) : [])
            Console.WriteLine($"{char.ToUpperInvariant(line[0])}{line[1..]}");
        var sheets = Path.Combine(folder, "sheets");
        Console.WriteLine(
            $"{(outcome.Failures.Count == 0 ? "Done" : "Completed with failures")} in {ProgressDisplay.FormatDuration(took)}. Contact "
            + "sheets, one per layer:");
        foreach (var layer in spec.LayersInOrder())
            Console.WriteLine($"  {Path.Combine(sheets, AtlasKeys.LayerFileName(layer.Name))}.png");
        return outcome.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failures;
    }
}
