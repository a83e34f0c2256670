namespace VizPipeline.Jobs;

/// <summary>How well a dictionary restores its layer over an image set (docs/methods.md, section 12).</summary>
/// <param name="Places">Number of places: positions of all images.</param>
/// <param name="R2">R squared; null without a decoder.</param>
/// <param name="L0">Mean number of features above 0 at a place.</param>
/// <param name="DeadShare">Share of the features that are 0 at every place, 0 to 1.</param>
public sealed record DictionaryFacts(long Places, double? R2, double L0, double DeadShare)
{
    /// <summary>Says it in words, e.g. <c>R² 0.912, L0 31.8, 2.1 % of the features dead</c>.</summary>
    public string Describe()
    {
        var fit = R2 is { } r2 ? FormattableString.Invariant($"R² {r2:0.000}, ") : "";
        return fit + FormattableString.Invariant($"L0 {L0:0.#}, {100 * DeadShare:0.#} % of the features dead");
    }
}
