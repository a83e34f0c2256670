using System.CommandLine;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Site;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Publishing;

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
        var withSources = new Option<bool>("--with-sources")
        {
            Description = "For site: include pixels of the image set, if its licence allows publishing them",
        };
        // Scripts of earlier versions give it.
        var noSources = new Option<bool>("--no-sources") { Description = "The default now", Hidden = true };
        var target = new Option<string>("--to") { Description = "Folder for the files; created if it does not exist", Required = true };
        var command = new Command(
            "export",
            "Export the tables of an atlas as CSV, JSON lines or Parquet, or the whole atlas as a static web site; also while it is "
            + "being built")
        {
            folder, format, target, withSources, noSources,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var (with, isSite) = (parsed.GetValue(withSources), parsed.GetRequiredValue(format) == Site);
            CheckSources(with, parsed.GetValue(noSources), isSite);
            return isSite
                ? WriteSiteAsync(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(target), with, cancellation)
                : RunAsync(
                    parsed.GetRequiredValue(folder), parsed.GetRequiredValue(format), parsed.GetRequiredValue(target), cancellation);
        });
        return command;
    }

    private static void CheckSources(bool with, bool without, bool isSite)
    {
        if (with && without)
            throw new UsageException("--with-sources and --no-sources contradict each other; give one");
        if (with && !isSite)
            throw new UsageException("--with-sources is for --format site; tables hold no pixels");
        if (without)
            Console.Error.WriteLine("viz: --no-sources is the default now and has no effect");
    }

    private static async Task<int> WriteSiteAsync(string folder, string target, bool withSources, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        // Existing files are kept, and with them pictures that must not be published.
        if (!withSources && PublishedPixels.AreInSite(target))
            throw new UsageException(
                $"folder '{target}' contains a site with source pixels; choose another folder, delete it, or give --with-sources");
        await using var worker = await EmbeddedWorker.StartAsync(atlas, cancellation);
        using var scratch = new ScratchFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)));
        var catalog = await CopyCatalogAsync(atlas, scratch.Path, cancellation);
        var site = new StaticSite(catalog, atlas.OpenStore(), ImageRoots.Here(), withSources, worker.Live);
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
        if (site.StoryFault is { } fault)
            await Console.Error.WriteLineAsync($"viz: the story of this site has stored pictures only: {fault}");
        Console.WriteLine(
            $"{Format.Counted(files, "file")}; open {Path.Combine(target, "index.html")} in a browser, or copy the folder to any web "
            + "server or bucket");
        return ExitCode.Done;
    }

    // With the paths of the spec, which pages do not show: the pictures of the story need them.
    private static async Task<SqliteCatalogDatabase> CopyCatalogAsync(
        StoredAtlas atlas, string folder, CancellationToken cancellation)
    {
        var facts = await PublicFacts.ReadAsync(atlas.OpenStore(), atlas.Spec.Id, cancellation);
        var file = EmbeddedAtlas.CatalogFile(folder);
        await PublicFacts.CopyCatalogAsync(
            atlas.Database, file, database => facts.WriteCatalogAsync(database, cancellation), cancellation);
        return SqliteCatalogDatabase.ForReading(file);
    }

    private static void CheckTarget(string target)
    {
        if (File.Exists(target))
            throw new UsageException($"--to '{target}' is a file; give a folder");
        var readme = Path.Combine(target, AtlasExport.Readme);
        if (File.Exists(readme) && !File.ReadLines(readme).FirstOrDefault("").StartsWith(ExportReadme.Heading, StringComparison.Ordinal))
            throw new UsageException($"--to '{target}' has a {AtlasExport.Readme} that is not of an export; give another folder");
    }

    private static async Task<int> RunAsync(string folder, string formatName, string target, CancellationToken cancellation)
    {
        var format = ExportFormat.All.FirstOrDefault(format => format.Name == formatName)
            ?? throw new UsageException(
                $"--format '{formatName}' is unknown; use {string.Join(", ", ExportFormat.All.Select(format => format.Name))} or {Site}");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        CheckTarget(target);
        if (atlas.Row.State == AtlasState.Running)
            await Console.Error.WriteLineAsync(
                $"viz: atlas '{atlas.Spec.Id}' is not finished: exporting the results so far (`viz status {folder}` shows the progress)");
        await using var catalog = atlas.Database.Open();
        using var similar = new SimilarNeuronsCache(atlas.OpenStore(), TimeProvider.System);
        foreach (var file in await AtlasExport.WriteAsync(catalog, atlas.Row.Id, atlas.Spec, similar, format, target, cancellation))
            Console.WriteLine($"{Path.Combine(target, file.Name)}: {Format.Counted(file.Rows, "row")}");
        return ExitCode.Done;
    }
}
