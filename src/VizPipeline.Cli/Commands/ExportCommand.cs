using System.CommandLine;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Site;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;

namespace VizPipeline.Cli.Commands;

/// <summary>
/// <c>viz export DIR --format csv --to DIR2</c>: writes the tables of an atlas as files for other programs, or a static site.
/// </summary>
internal static class ExportCommand
{
    private const string Site = "site";

    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var format = new Option<string>("--format") { Description = "csv, jsonl, parquet, or site for a static web site", Required = true };
        var noSources = new Option<bool>("--no-sources")
        {
            Description = "For site: leave out pixels of the image set, whose licence may not allow publishing them",
        };
        var target = new Option<string>("--to") { Description = "Folder for the files; created if it does not exist", Required = true };
        var command = new Command(
            "export",
            "Export the tables of an atlas as CSV, JSON lines or Parquet, or the whole atlas as a static web site; also while it is "
            + "being built")
        {
            folder, format, target, noSources,
        };
        command.SetAction((parsed, cancellation) => parsed.GetRequiredValue(format) == Site
            ? WriteSiteAsync(
                parsed.GetRequiredValue(folder), parsed.GetRequiredValue(target), withSources: !parsed.GetValue(noSources), cancellation)
            : RunAsync(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(format), parsed.GetRequiredValue(target), cancellation));
        return command;
    }

    private static async Task<int> WriteSiteAsync(string folder, string target, bool withSources, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        // Existing files are kept, and with them pictures that must not be published.
        if (!withSources && Directory.Exists(target)
            && Directory.EnumerateDirectories(target, "*", SearchOption.AllDirectories)
            .Any(found => Path.GetFileName(found) is "crops" or "top1" or "top9"))
            throw new UsageException(
                $"folder '{target}' contains a site with source pixels; choose another folder for --no-sources, or delete it");
        var site = new StaticSite(atlas.Database, atlas.OpenStore(), ImageRoots.Here(), withSources);
        var started = TimeProvider.System.GetTimestamp();
        var progress = new Progress<SiteProgress>(value =>
        {
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            var left = TimeSpan.FromSeconds(seconds / value.Done * (value.Total - value.Done));
            Console.Error.Write(
                $"\r{value.Done:N0} of {value.Total:N0} neurons, {value.Done / seconds:N0} per second, "
                + $"{ProgressDisplay.FormatDuration(left)} left   ");
        });
        var files = await site.WriteAsync(atlas.Spec.Id, target, progress, cancellation);
        await Console.Error.WriteLineAsync();
        Console.WriteLine(
            $"{files:N0} files; open {Path.Combine(target, "index.html")} in a browser, or copy the folder to any web server or bucket");
        return ExitCode.Done;
    }

    private static async Task<int> RunAsync(string folder, string formatName, string target, CancellationToken cancellation)
    {
        var format = ExportFormat.All.FirstOrDefault(format => format.Name == formatName)
            ?? throw new UsageException(
                $"--format '{formatName}' is unknown; use {string.Join(", ", ExportFormat.All.Select(format => format.Name))} or {Site}");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        if (atlas.Row.State == AtlasState.Running)
            await Console.Error.WriteLineAsync(
                $"viz: atlas '{atlas.Spec.Id}' is not finished: exporting the results so far (`viz status {folder}` shows the progress)");
        await using var catalog = atlas.Database.Open();
        foreach (var file in await AtlasExport.WriteAsync(catalog, atlas.Row.Id, atlas.Spec, format, target, cancellation))
            Console.WriteLine($"{Path.Combine(target, file.Name)}: {file.Rows:N0} rows");
        return ExitCode.Done;
    }
}
