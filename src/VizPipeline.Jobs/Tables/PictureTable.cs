namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="RenderPatches"/>, <see cref="AscendNeurons"/> and <see cref="RenderFilters"/>.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Pictures">The pictures made, dead ends included.</param>
/// <param name="Patches">What drawing the patches found out about them; empty for the other jobs.</param>
public sealed record PictureTable(int Layer, IReadOnlyList<PictureRow> Pictures, IReadOnlyList<PatchCheckRow> Patches);

/// <summary>One picture of a neuron or of a layer.</summary>
public sealed record PictureRow
{
    /// <summary>Stands in <see cref="Channel"/> for a picture of the whole layer.</summary>
    public const int WholeLayer = -1;

    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>The channel, or <see cref="WholeLayer"/>.</summary>
    public required int Channel { get; init; }

    /// <summary>One of <see cref="PictureMethod"/>.</summary>
    public required string Method { get; init; }

    /// <summary>Tells pictures of one method apart, e.g. <c>preset 3</c>; empty where there is only one.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The seed; 0 where no chance is involved.</summary>
    public int Seed { get; init; }

    /// <summary>Key of the picture in the object store; null where none was made.</summary>
    public string? Key { get; init; }

    /// <summary>All parameters, as JSON.</summary>
    public string Parameters { get; init; } = "{}";

    /// <summary>One of <see cref="PictureStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The activation that the picture reaches, measured as the images' are; null where it has none.</summary>
    public double? Activation { get; init; }

    /// <summary>That activation as a percentile of the images', from 0 to 100; null until the sheet job has placed it.</summary>
    public double? Percentile { get; init; }

    /// <summary>The step of the stored picture; null where there are no steps.</summary>
    public int? BestStep { get; init; }

    /// <summary>Steps done; null where there are none.</summary>
    public int? Steps { get; init; }

    /// <summary>The objective over the steps, at most 64 points, the last step among them.</summary>
    public IReadOnlyList<float> Objective { get; init; } = [];
}

/// <summary>A patch run through the network again while it was drawn.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Rank">The patch's rank.</param>
/// <param name="Recomputed">The activation found the second time.</param>
/// <param name="Mismatch">Whether it differs from the first by more than float noise.</param>
public sealed record PatchCheckRow(int Layer, int Channel, int Rank, float Recomputed, bool Mismatch);

/// <summary>The names in <see cref="PictureRow.Method"/>. Names are only ever added.</summary>
public static class PictureMethod
{
    /// <summary>Top-9 patches.</summary>
    public const string Top9 = "top9";

    /// <summary>Deconvolutions of the top-9 patches.</summary>
    public const string Deconv = "deconv";

    /// <summary>Regularized gradient ascent.</summary>
    public const string Ascent = "ascent";

    /// <summary>Filter tiles.</summary>
    public const string Filters = "filters";
}

/// <summary>The names in <see cref="PictureRow.Status"/>. Names are only ever added.</summary>
public static class PictureStatus
{
    /// <summary>Drawn.</summary>
    public const string Done = "done";

    /// <summary>Nothing to draw: no gradient, or no patch with an activation.</summary>
    public const string Dead = "dead";

    /// <summary>Ascent whose objective had settled at the end.</summary>
    public const string Converged = "converged";

    /// <summary>Ascent whose best picture came before the last step.</summary>
    public const string BestAtStep = "best_at_step";
}
