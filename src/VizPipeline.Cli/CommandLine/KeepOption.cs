using System.CommandLine;
using System.Globalization;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The value of <c>--keep</c>: which activations of the pass over the images are kept.</summary>
/// <param name="Images">Number of images; null for as many as fit the budget.</param>
/// <param name="Positions">Whether positions are kept, too.</param>
internal sealed record KeepOption(int? Images, bool Positions)
{
    /// <summary>Creates <c>--keep</c>.</summary>
    public static Option<string> CreateOption() => new("--keep")
    {
        Description =
            "Activations to keep for later questions: auto (of all images while they fit 4 GiB, else of a sample), all, none, or a "
            + "number of images",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>Creates <c>--keep-positions</c>.</summary>
    public static Option<bool> CreatePositionsOption() => new("--keep-positions")
    {
        Description = "Also keep the position of each activation, which takes as much space again",
    };

    /// <summary>Parses the value of <c>--keep</c>.</summary>
    /// <exception cref="UsageException">It is none of those.</exception>
    public static KeepOption Parse(string text, bool positions) => text switch
    {
        "auto" => new KeepOption(null, positions),
        "all" => new KeepOption(int.MaxValue, positions),
        "none" when positions => throw new UsageException("--keep-positions needs activations: leave out --keep none"),
        "none" => new KeepOption(0, false),
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var images) && images > 0 =>
            new KeepOption(images, positions),
        _ => throw new UsageException($"--keep '{text}' is neither auto, all, none nor a number of images"),
    };

    /// <summary>Returns what an atlas keeps; null if it keeps nothing.</summary>
    public KeepSpec? Choose(AtlasRequest request)
    {
        var images = request.Images?.Entries.Count ?? 0;
        if (images == 0 || Images == 0)
            return null;
        var neurons = request.Layers.Sum(layer => (long)layer.Neurons);
        return Images is { } count ? new KeepSpec(Math.Min(count, images), Positions) : KeepSpec.Choose(images, neurons, Positions);
    }
}
