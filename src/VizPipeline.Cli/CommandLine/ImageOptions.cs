using System.CommandLine;
using System.CommandLine.Parsing;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The images chosen by the options.</summary>
/// <param name="Root">The location where workers find the set: an absolute folder or the address of a bucket.</param>
/// <param name="Manifest">The list of images.</param>
/// <param name="Selection">A description of the chosen part of the set; empty for the whole set.</param>
internal sealed record ChosenImages(string Root, ImageManifest Manifest, string Selection);

/// <summary>The options that specify the images: their location, the selection, and their classes.</summary>
internal sealed class ImageOptions
{
    private const int MostSkippedLines = 20;

    private readonly Option<string?> _images = new("--images")
    {
        Description =
            "A folder, searched recursively; archives such as train.zip or shards/train-{000..147}.tar; a list file; or "
            + "s3://BUCKET/PREFIX. Classes are read from archives and lists, or else are the first folder level or the synset of file "
            + "names such as n01440764_tench.JPEG",
    };
    private readonly Option<int?> _limit = new("--limit") { Description = "Use only the first N images, in the order of their paths" };
    private readonly Option<int?> _sample = new("--sample") { Description = "Use only N images, drawn at random" };
    private readonly Option<int?> _perClass = new("--per-class") { Description = "Use only N images of each class, drawn at random" };
    private readonly Option<string[]> _classes = new("--classes")
    {
        Description = "Use only images of these classes, separated by commas",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ClassList,
    };
    private readonly Option<int> _seed = new("--sample-seed") { Description = "Seed of the random draw", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _labels = new("--labels") { Description = "File with a path and a label per line" };

    /// <summary>Adds all options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_images, _limit, _sample, _perClass, _classes, _seed, _labels])
            command.Options.Add(option);
    }

    /// <summary>Returns the location of the images, or an empty string if none is given.</summary>
    public string GetRoot(ParseResult parsed) =>
        parsed.GetValue(_images) is { Length: > 0 } images ? ImageSetSource.Parse(images).Root : "";

    /// <summary>Lists the images and selects those that the options ask for.</summary>
    /// <exception cref="UsageException">The location is missing, or a number is invalid.</exception>
    /// <exception cref="ImageSetException">The images do not exist, or none has the requested class.</exception>
    public ChosenImages Choose(ParseResult parsed, ClassNames? names, CancellationToken cancellation)
    {
        var source = ImageSetSource.Parse(parsed.GetValue(_images) is { Length: > 0 } images
            ? images : throw new UsageException(
                "--images is missing: give a folder of images (or --methods ascent,filters, which need no images)"));
        var selection = new ImageSelection
        {
            Classes = parsed.GetValue(_classes) ?? [],
            PerClass = Count(parsed, _perClass),
            Sample = Count(parsed, _sample),
            Seed = parsed.GetValue(_seed),
            Limit = Count(parsed, _limit),
        };
        if (parsed.GetResult(_seed) is { Implicit: false } && selection is { Sample: null, PerClass: null })
            throw new UsageException("--sample-seed has no effect by itself: add --sample or --per-class");
        var options = new ImageSetOptions
        {
            Only = source.Only,
            ListLabels = source.Labels,
            Selection = selection,
            LabelFile = parsed.GetValue(_labels),
            ClassNames = names,
        };
        if (parsed.GetResult(_classes) is { Implicit: false } && selection.Classes.Count == 0)
            throw new UsageException("--classes is empty: give names separated by commas, or omit it for all images");
        using var files = ImageRoots.Here().Open(source.Root);
        var manifest = ImageManifest.Build(files, options, ListingProgress.ToConsole(), cancellation);
        ReportSkipped(manifest.SkippedFolders);
        ReadableImages.Check(manifest, files, source.Root, cancellation);
        return new(source.Root, manifest, selection.ToString());
    }

    private static void ReportSkipped(IReadOnlyList<SkippedFolder> skipped)
    {
        foreach (var (path, reason) in skipped.Take(MostSkippedLines))
            Console.Error.WriteLine($"skipped {path}: {reason}");
        if (skipped.Count > MostSkippedLines)
            Console.Error.WriteLine($"skipped {skipped.Count - MostSkippedLines} more folders and archives");
    }

    private static int? Count(ParseResult parsed, Option<int?> option) =>
        parsed.GetValue(option) is { } count ? count >= 1 ? count : throw new UsageException($"{option.Name} must be 1 or more") : null;

    // Class names may contain commas ("tench, Tinca tinca"): a comma followed by a space belongs to the name.
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
