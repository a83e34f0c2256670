using System.CommandLine;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Web.Export;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz export DIR --format csv --to DIR2</c>: the atlas's tables as files for other programs.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var format = new Option<string>("--format") { Description = "csv, jsonl or parquet", Required = true };
        var target = new Option<string>("--to") { Description = "Folder for the files layers, neurons, patches and pictures; made where it is missing", Required = true };
        var command = new Command("export", "Write the tables of an atlas as CSV, JSON lines or Parquet; also of one that is still growing") { folder, format, target };
        command.SetAction((parsed, cancellation) => Run(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(format), parsed.GetRequiredValue(target), cancellation));
        return command;
    }

    private static async Task<int> Run(string folder, string formatName, string target, CancellationToken cancellation)
    {
        var format = ExportFormat.All.FirstOrDefault(format => format.Name == formatName)
            ?? throw new UsageException($"--format '{formatName}' is unknown; use {string.Join(", ", ExportFormat.All.Select(format => format.Name))}");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        if (atlas.Row.State == AtlasState.Running)
            await Console.Error.WriteLineAsync($"viz: atlas '{atlas.Spec.Id}' is not finished: exporting what there is (`viz status {folder}` tells how far it is)");
        await using var catalog = atlas.Database.Open();
        foreach (var file in await AtlasExport.WriteAsync(catalog, atlas.Row.Id, atlas.Spec, format, target, cancellation))
            Console.WriteLine($"{Path.Combine(target, file.Name)}: {file.Rows:N0} rows");
        return ExitCode.Done;
    }
}
