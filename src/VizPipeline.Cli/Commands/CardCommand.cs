using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Publishing;
using VizPipeline.Network.Formats;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz card DIR --to README.md</c>: writes the card of a dataset with the tables of an atlas.</summary>
internal static partial class CardCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var target = new Option<string>("--to")
        {
            Description = "The file to write, such as README.md of the folder that you publish; its tables belong beside it, in tables/",
            Required = true,
        };
        var license = new Option<string>("--license")
        {
            Description = "Licence of the data, as an identifier of the Hugging Face hub, such as cc-by-4.0",
            DefaultValueFactory = _ => "unknown",
        };
        var ofImages = new Option<string?>("--license-of-images") { Description = "What to say about the licence of the images" };
        var force = new Option<bool>("--force") { Description = "Replace a file that is not such a card" };
        var command = new Command("card", "Write a dataset card for the Hugging Face hub: what the atlas is, how to load and to cite it")
        {
            folder, target, license, ofImages, force,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (file, id) = (parsed.GetRequiredValue(target), parsed.GetRequiredValue(license));
            CheckTarget(file, parsed.GetValue(force));
            if (!Identifier().IsMatch(id))
                throw new UsageException($"--license '{id}' is not an identifier of the hub; give one such as mit, cc-by-4.0 or other");
            return await RunAsync(parsed.GetRequiredValue(folder), file, id, parsed.GetValue(ofImages), cancellation);
        });
        return command;
    }

    private static void CheckTarget(string file, bool force)
    {
        if (Directory.Exists(file))
            throw new UsageException($"--to '{file}' is a folder; give a file, such as {Path.Combine(file, AtlasExport.Readme)}");
        if (!force && File.Exists(file) && !DatasetCard.Wrote(File.ReadAllText(file)))
            throw new UsageException($"--to '{file}' exists and is not a card of `viz card`; give another file, or --force");
    }

    private static async Task<int> RunAsync(
        string folder, string file, string license, string? licenseOfImages, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        var citation = await AtlasCitation.ReadAsync(atlas, cancellation);
        await using var catalog = atlas.Database.Open();
        var place = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var card = new DatasetCard
        {
            Citation = citation,
            Layers = await catalog.LayersAsync(atlas.Row.Id, cancellation),
            UnreadableImages = (await catalog.UnreadableImagesAsync(atlas.Row.Id, cancellation)).Count,
            HasSourcePixels = PublishedPixels.AreIn(place),
            License = license,
            LicenseOfImages = licenseOfImages,
        };
        Directory.CreateDirectory(place);
        AtomicFile.Write(file, Encoding.UTF8.GetBytes(card.Write()));
        Console.WriteLine($"wrote {file}: {(card.HasSourcePixels ? "with" : "no")} pixels of the image set beside it");
        var tables = Path.Combine(place, DatasetCard.TableFolder);
        if (!AtlasExport.Tables.All(table => File.Exists(Path.Combine(tables, $"{table}.parquet"))))
            await Console.Error.WriteLineAsync(
                $"viz: the card names tables that are not there yet: `viz export {folder} --format parquet --to {tables}`");
        return ExitCode.Done;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.+-]*\z")]
    private static partial Regex Identifier();
}
