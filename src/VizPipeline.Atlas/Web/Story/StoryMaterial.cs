using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>What a worker made for a neuron's story.</summary>
/// <param name="Traced">The way of its strongest image to the neuron and back; null if no worker could tell.</param>
/// <param name="Other">The same for another image of its top 9; null if there is none.</param>
/// <param name="Grown">The pictures of its growing ascent; null if they were not asked for.</param>
/// <param name="Fault">Why something is missing; null if it is there.</param>
public sealed record StoryMaterial(NeuronTraced? Traced, NeuronTraced? Other, AscentGrown? Grown, string? Fault)
{
    /// <summary>The file of the feature map.</summary>
    public const string MapFile = "map.png";

    /// <summary>The file of the image as the network sees it.</summary>
    public const string CropFile = "crop.png";

    /// <summary>The file of the deconvolution.</summary>
    public const string DeconvolutionFile = "deconvolution.png";

    /// <summary>How the file names of the signals in the layers begin.</summary>
    public const string BackPrefix = "back-";

    /// <summary>How the file names of an ascent's pictures begin.</summary>
    public const string AscentPrefix = "ascent-";

    /// <summary>How the file names of the other image's pictures begin.</summary>
    public const string OtherPrefix = "other-";

    // Enough to tell the way back; more would tire.
    private const int MostBack = 5;

    /// <summary>Asks the workers, or takes their earlier answers.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="layer">The neuron's layer.</param>
    /// <param name="channel">The neuron's channel.</param>
    /// <param name="patches">The neuron's top patches by rank, with their images.</param>
    /// <param name="pictures">Asks the workers.</param>
    /// <param name="withAscent">Whether the growing ascent is waited for.</param>
    /// <param name="cancellation">Cancels asking.</param>
    internal static async Task<StoryMaterial> ReadAsync(
        LoadedAtlas atlas, Layer layer, int channel, IReadOnlyList<(Patch Patch, Image Image)> patches, StoryPictures pictures,
        bool withAscent, CancellationToken cancellation)
    {
        var made = new StoryMaterial(null, null, null, null);
        try
        {
            if (patches.Count > 0)
                made = made with { Traced = await pictures.TraceAsync(atlas, layer.Name, channel, patches[0].Image.Path, cancellation) };
            if (FindOther(patches) is { } other)
                made = made with { Other = await pictures.TraceAsync(atlas, layer.Name, channel, other.Path, cancellation) };
            if (withAscent)
                made = made with { Grown = await pictures.GrowAsync(atlas, layer.Name, channel, cancellation) };
            return made;
        }
        catch (LiveRefusedException refused)
        {
            return made with { Fault = refused.Message };
        }
    }

    /// <summary>Whether a file shows pixels of the image set.</summary>
    public static bool IsSource(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.EndsWith(CropFile, StringComparison.Ordinal);
    }

    /// <summary>The pictures that a worker made, by file name.</summary>
    public IEnumerable<(string Name, byte[] Content)> Files =>
        FilesOf(Traced, "").Concat(FilesOf(Other, OtherPrefix))
            .Concat((Grown?.Pictures ?? []).Select((picture, i) => ($"{AscentPrefix}{i}.png", picture.Picture)));

    /// <summary>The layers on the way back that the story stops at, with their indices among the traced ones.</summary>
    public IReadOnlyList<(int Index, TracedLayer Layer)> Back
    {
        get
        {
            var count = Traced?.Layers.Count ?? 0;
            var shown = Math.Min(MostBack, count);
            return [.. Enumerable.Range(0, shown).Select(i => shown == 1 ? 0 : (int)((long)i * (count - 1) / (shown - 1)))
                .Select(index => (index, Traced!.Layers[index]))];
        }
    }

    private static IEnumerable<(string, byte[])> FilesOf(NeuronTraced? traced, string prefix) => traced is null ? [] :
    [
        ($"{prefix}{MapFile}", traced.Map), ($"{prefix}{CropFile}", traced.Crop), ($"{prefix}{DeconvolutionFile}", traced.Deconvolution),
        .. traced.Layers.Select((layer, i) => ($"{prefix}{BackPrefix}{i}.png", layer.Picture)),
    ];

    // The lowest rank of another class shows best that the pattern counts, and not the picture.
    private static Image? FindOther(IReadOnlyList<(Patch Patch, Image Image)> patches)
    {
        if (patches.Count == 0)
            return null;
        var first = patches[0].Image;
        var others = patches.Where(row => row.Image.ImageIndex != first.ImageIndex && row.Patch.Activation > 0).ToList();
        return others.LastOrDefault(row => row.Image.Label != first.Label, others.LastOrDefault()).Image;
    }
}
