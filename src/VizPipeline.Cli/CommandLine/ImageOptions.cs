using System.CommandLine;
using System.CommandLine.Parsing;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;

namespace VizPipeline.Cli.CommandLine;

/// <summary>An image set as it was asked for.</summary>
/// <param name="Root">Where workers find it: a folder, absolute, or a bucket's address.</param>
/// <param name="Manifest">Its pictures.</param>
/// <param name="Selection">Which part of the set they are, in words; empty for all of it.</param>
internal sealed record ChosenImages(string Root, ImageManifest Manifest, string Selection);

/// <summary>The options that say which pictures: where they lie, which of them, and their classes.</summary>
internal sealed class ImageOptions
{
    private const int MostSkippedLines = 20;

    private readonly Option<string?> _images = new("--images") { Description = "Folder, searched recursively; archives such as train.zip or shards/train-{000..147}.tar; a text list; or s3://BUCKET/PREFIX. Classes come with them, or from the first folder level or <synset>_name files" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Use only the first N images, in the order of their paths" };
    private readonly Option<int?> _sample = new("--sample") { Description = "Use only N images, drawn by chance" };
    private readonly Option<int?> _perClass = new("--per-class") { Description = "Use only N images of each class, drawn by chance" };
    private readonly Option<string[]> _classes = new("--classes") { Description = "Use only images of these classes, separated by commas", AllowMultipleArgumentsPerToken = true, CustomParser = ClassList };
    private readonly Option<int> _seed = new("--sample-seed") { Description = "Another seed draws other images", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _labels = new("--labels") { Description = "File of labels: path and label per line" };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_images, _limit, _sample, _perClass, _classes, _seed, _labels])
            command.Options.Add(option);
    }

    /// <summary>Where the images lie, where any were named; else empty.</summary>
    public string RootOf(ParseResult parsed) => parsed.GetValue(_images) is { Length: > 0 } images ? ImageSetSource.Parse(images).Root : "";

    /// <summary>Lists the images, and takes those that were asked for.</summary>
    /// <exception cref="UsageException">None are named, or a number is wrong.</exception>
    /// <exception cref="ImageSetException">They are not there, or have no such class.</exception>
    public ChosenImages Choose(ParseResult parsed, ClassNames? names, CancellationToken cancellation)
    {
        var source = ImageSetSource.Parse(parsed.GetValue(_images) is { Length: > 0 } images
            ? images : throw new UsageException("--images is missing: give a folder of images (or --methods ascent,filters, which need none)"));
        var selection = new ImageSelection
        {
            Classes = parsed.GetValue(_classes) ?? [],
            PerClass = Count(parsed, _perClass),
            Sample = Count(parsed, _sample),
            Seed = parsed.GetValue(_seed),
            Limit = Count(parsed, _limit),
        };
        if (parsed.GetResult(_seed) is { Implicit: false } && selection is { Sample: null, PerClass: null })
            throw new UsageException("--sample-seed draws nothing by itself: give --sample or --per-class with it");
        var options = new ImageSetOptions { Only = source.Only, ListLabels = source.Labels, Selection = selection, LabelFile = parsed.GetValue(_labels), ClassNames = names };
        if (parsed.GetResult(_classes) is { Implicit: false } && selection.Classes.Count == 0)
            throw new UsageException("--classes names no class: give names separated by commas, or leave it out for all images");
        using var files = ImageRoots.Here().Open(source.Root);
        var manifest = ImageManifest.Build(files, options, ListingProgress.ToConsole(), cancellation);
        TellSkipped(manifest.SkippedFolders);
        return new(source.Root, manifest, selection.ToString());
    }

    private static void TellSkipped(IReadOnlyList<SkippedFolder> skipped)
    {
        foreach (var (path, reason) in skipped.Take(MostSkippedLines))
            Console.Error.WriteLine($"skipped {path}: {reason}");
        if (skipped.Count > MostSkippedLines)
            Console.Error.WriteLine($"skipped {skipped.Count - MostSkippedLines} more folders and archives");
    }

    private static int? Count(ParseResult parsed, Option<int?> option) =>
        parsed.GetValue(option) is { } count ? count >= 1 ? count : throw new UsageException($"{option.Name} must be 1 or more") : null;

    // Names of classes have commas in them ("tench, Tinca tinca"): a comma with a blank behind it belongs to the name.
    private static string[] ClassList(ArgumentResult result)
    {
        var names = new List<string>();
        foreach (var part in result.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (part.StartsWith(' ') && names.Count > 0)
                names[^1] += "," + part;
            else if (part.Length > 0)
                names.Add(part);
        }
        return [.. names];
    }
}
