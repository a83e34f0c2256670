using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>
/// The result of <see cref="RenderPatches"/>, <see cref="AscendNeurons"/>, <see cref="RenderFilters"/> and <see cref="FindFacets"/>.
/// </summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Pictures">One row per picture, dead neurons included.</param>
/// <param name="Patches">Checks of the patches against the scan; empty for other jobs.</param>
public sealed record PictureTable(int Layer, IReadOnlyList<PictureRow> Pictures, IReadOnlyList<PatchCheckRow> Patches)
{
    /// <summary>The facets of the neurons, by channel and number; null for jobs that find none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FacetRow>? Facets { get; init; }

    /// <summary>Number of images that it was made of, see <see cref="IImagesCommand.Images"/>; 0 in older tables.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Images { get; init; }
}

/// <summary>One picture of a neuron or of a layer.</summary>
public sealed record PictureRow
{
    /// <summary>Value of <see cref="Channel"/> for a picture of the whole layer.</summary>
    public const int WholeLayer = -1;

    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel, or <see cref="WholeLayer"/>.</summary>
    public required int Channel { get; init; }

    /// <summary>One of <see cref="PictureMethod"/>.</summary>
    public required string Method { get; init; }

    /// <summary>Distinguishes pictures of one method, e.g. <c>preset 3</c>; empty if there is only one.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The random seed; 0 if the method is deterministic.</summary>
    public int Seed { get; init; }

    /// <summary>Key of the picture in the object store; null if none was drawn.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// Identifies what the picture was made of that changes as images are added: the top 9, or the images' spectrum. Null if there is
    /// nothing of the kind, and in tables of earlier versions.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Material { get; init; }

    /// <summary>All parameters, as JSON.</summary>
    public string Parameters { get; init; } = "{}";

    /// <summary>One of <see cref="PictureStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The activation for this picture, measured as for the images; null if there is none.</summary>
    public double? Activation { get; init; }

    /// <summary>Percentile of that activation among those of the images, from 0 to 100; null until the sheet job sets it.</summary>
    public double? Percentile { get; init; }

    /// <summary>The step at which the stored picture was taken; null if there are no steps.</summary>
    public int? BestStep { get; init; }

    /// <summary>Number of steps done; null if there are none.</summary>
    public int? Steps { get; init; }

    /// <summary>The objective by step, at most 64 points including the last step.</summary>
    public IReadOnlyList<float> Objective { get; init; } = [];
}

/// <summary>The check of a patch: it is run through the network again when it is drawn.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Rank">The patch's rank.</param>
/// <param name="Recomputed">The recomputed activation.</param>
/// <param name="Mismatch">Whether it differs from the first by more than rounding error.</param>
public sealed record PatchCheckRow(int Layer, int Channel, int Rank, float Recomputed, bool Mismatch)
{
    /// <summary>
    /// The effective field in input pixels: where the deconvolution comes from, padded. Null in tables of versions without it.
    /// </summary>
    public PixelBox? Crop { get; init; }
}

/// <summary>The values of <see cref="PictureRow.Method"/>. Add names, but never rename or remove one.</summary>
public static class PictureMethod
{
    /// <summary>Top-9 patches.</summary>
    public const string Top9 = "top9";

    /// <summary>Deconvolutions of the top-9 patches.</summary>
    public const string Deconv = "deconv";

    /// <summary>Regularized gradient ascent.</summary>
    public const string Ascent = "ascent";

    /// <summary>Patches, mean picture and ascent of a facet.</summary>
    public const string Facets = "facets";

    /// <summary>Filter tiles.</summary>
    public const string Filters = "filters";
}

/// <summary>The values of <see cref="PictureRow.Status"/>. Add names, but never rename or remove one.</summary>
public static class PictureStatus
{
    /// <summary>Drawn.</summary>
    public const string Done = "done";

    /// <summary>Nothing to draw: no gradient, or no patch with a positive activation.</summary>
    public const string Dead = "dead";

    /// <summary>An ascent whose objective had converged at the end.</summary>
    public const string Converged = "converged";

    /// <summary>An ascent whose best picture came before the last step.</summary>
    public const string BestAtStep = "best_at_step";
}
