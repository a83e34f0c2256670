using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz prune ATLAS</c>: deletes parts of a finished atlas that take space and are not needed any more.</summary>
internal static class PruneCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of a finished atlas" };
        var activations = new Option<bool>("--activations")
        {
            Description = "Delete the kept activations; top lists and statistics stay",
        };
        var scan = new Option<bool>("--scan") { Description = "Delete the tallies of parts of the image set, which are merged already" };
        var methods = new Option<string[]>("--method")
        {
            Description = $"Delete all pictures of a method: {string.Join(", ", AtlasParts.AllMethods.Keys)}; may be repeated",
            AllowMultipleArgumentsPerToken = true,
        };
        var layers = new Option<string[]>("--layer")
        {
            Description = "Delete a layer: its pictures, tables, activations and rows; may be repeated. `viz run --layers` adds it again",
            AllowMultipleArgumentsPerToken = true,
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only print what would be deleted" };
        var command = new Command("prune", "Delete parts of a finished atlas, for good")
        {
            folder, activations, scan, methods, layers, dryRun,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder),
            new AtlasParts
            {
                Activations = parsed.GetValue(activations),
                Scan = parsed.GetValue(scan),
                Methods = [.. (parsed.GetValue(methods) ?? []).Distinct()],
                Layers = [.. (parsed.GetValue(layers) ?? []).Distinct()],
            },
            parsed.GetValue(dryRun),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, AtlasParts parts, bool isDryRun, CancellationToken cancellation)
    {
        if (parts.Methods.FirstOrDefault(method => !AtlasParts.AllMethods.ContainsKey(method)) is { } unknown)
            throw new UsageException($"--method '{unknown}' is unknown; use {string.Join(", ", AtlasParts.AllMethods.Keys)}");
        if (parts is { Activations: false, Scan: false, Methods.Count: 0, Layers.Count: 0 })
            throw new UsageException("give --activations, --scan, --method, --layer, or several of them");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        AtlasWriting.CheckFinished(atlas);
        if (parts.Scan && atlas.Row.State != AtlasState.Completed)
            throw new UsageException(
                $"atlas '{atlas.Spec.Id}' has jobs that failed and need scan/ when they are tried again; finish them first");
        if (atlas.Spec.Layers.All(layer => parts.Layers.Contains(layer.Name)))
            throw new UsageException($"an atlas needs a layer, and atlas '{atlas.Spec.Id}' has no others; delete its folder instead");
        var pruning = await AtlasPruning.PlanAsync(atlas.Spec, atlas.OpenStore(), parts, cancellation);
        if (parts.Layers.FirstOrDefault(name => pruning.Parts.All(part => part.Name != ManifestPruning.NameOf(name))) is { } missing)
            throw new UsageException(
                $"atlas '{atlas.Spec.Id}' has no layer '{missing}'; it has "
                + string.Join(", ", atlas.Spec.LayersInOrder().Select(layer => layer.Name)));
        foreach (var part in pruning.Parts)
            Console.WriteLine($"{part.Name}: {Format.Counted(part.Files, "file")}, {ByteSize.Format(part.Bytes)}");
        var all = $"{Format.Counted(pruning.Parts.Sum(part => part.Files), "file")}, "
            + ByteSize.Format(pruning.Parts.Sum(part => part.Bytes));
        if (pruning.Parts.Count == 0)
        {
            Console.WriteLine("Nothing to delete: the atlas has none of these parts");
        }
        else if (isDryRun)
        {
            Console.WriteLine($"Would delete {all}");
        }
        else
        {
            await pruning.RunAsync(atlas, TimeProvider.System.GetUtcNow().UtcDateTime, cancellation);
            Console.WriteLine(
                $"Deleted {all}"
                + (parts.Methods.Any(SourcePixels.AreIn) ? "; contact sheets stay, and show pixels of the image set" : ""));
        }
        return ExitCode.Done;
    }
}
