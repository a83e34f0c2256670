using System.Globalization;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The fields of an atlas's search form, as a person typed them.</summary>
/// <param name="Layer">The slug of a layer, or names with wildcards; all layers if empty.</param>
/// <param name="Text">Part of the name of a class or output.</param>
/// <param name="Selectivity">The least class selectivity.</param>
/// <param name="Where">Conditions on statistics, separated by commas.</param>
/// <param name="Dead"><c>true</c> or <c>false</c>; both if empty.</param>
/// <param name="Sort">One of <see cref="Sorts"/>.</param>
/// <param name="After">The cursor of the page before.</param>
public sealed record SearchForm(
    string? Layer = null, string? Text = null, string? Selectivity = null, string? Where = null, string? Dead = null, string? Sort = null,
    string? After = null)
{
    /// <summary>The maximum length of a text to search for.</summary>
    public const int LongestText = 200;

    private const string ClassSelectivity = "class_selectivity";
    private const int PageLength = 240;

    /// <summary>The orders that the form offers, with their labels.</summary>
    public static IReadOnlyList<(string Value, string Label)> Sorts { get; } =
        [("-" + ClassSelectivity, "most selective"), ("-max", "largest activation"), ("-top_purity", "purest top 9"),
            ("fraction_positive", "least often active"), ("layer", "layer and channel")];

    /// <summary>Returns the query.</summary>
    /// <exception cref="QueryException">A field is wrong; the message begins with the name of the field.</exception>
    public NeuronQuery ToQuery(LoadedAtlas atlas)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return new NeuronQuery
        {
            Layers = Layer is { Length: > 0 } ? Layer : null,
            Text = CheckText(Text),
            Where =
            [
                .. Selectivity is { Length: > 0 } ? (NeuronCondition[])[ReadSelectivity(Selectivity)] : [],
                .. (Where ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(NeuronCondition.Parse),
            ],
            Dead = Dead is not { Length: > 0 } ? null : bool.TryParse(Dead, out var dead) ? dead
                : throw new QueryException($"dead: '{Format.Excerpt(Dead)}' is neither true nor false"),
            Sort = Sort is not { Length: > 0 } ? DefaultSort(atlas)
                : Sorts.Any(known => known.Value == Sort) ? Sort
                : throw new QueryException(
                    $"sort: '{Format.Excerpt(Sort)}' is not one of {string.Join(", ", Sorts.Select(known => known.Value))}"),
            Limit = PageLength,
            After = After is { Length: > 0 } ? After : null,
        };
    }

    /// <summary>The order of an empty form.</summary>
    public static string DefaultSort(LoadedAtlas atlas)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return atlas.Spec.Images.Classes.Count > 0 ? Sorts[0].Value : "layer";
    }

    /// <summary>Returns a text to search for without surrounding blanks; null if nothing was typed.</summary>
    /// <exception cref="QueryException">It is too long.</exception>
    public static string? CheckText(string? text) => text?.Trim() switch
    {
        null or "" => null,
        { Length: > LongestText } => throw new QueryException($"text: write at most {LongestText} characters"),
        // No name contains a NUL, and PostgreSQL refuses it in text.
        var typed => typed.Replace("\0", "", StringComparison.Ordinal),
    };

    private static NeuronCondition ReadSelectivity(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var least) && double.IsFinite(least)
        ? new(NeuronStatistic.Find(ClassSelectivity, "selectivity"), ">=", least)
        : throw new QueryException($"selectivity: '{Format.Excerpt(text)}' is not a number such as 0.5");
}
