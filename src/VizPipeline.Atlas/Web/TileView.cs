using System.Globalization;
using System.Text.RegularExpressions;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web;

/// <summary>A view: the kind of picture that the tiles of a layer show.</summary>
/// <param name="Id">
/// The name in addresses: <c>top1</c>, <c>top9</c>, <c>deconv</c>, <c>ascent-p3-s0</c>, <c>filter</c> or <c>filter-layer</c>.
/// </param>
public sealed partial record TileView(string Id)
{
    /// <summary>The strongest patch.</summary>
    public static TileView Top1 { get; } = new("top1");

    /// <summary>The nine strongest patches.</summary>
    public static TileView Top9 { get; } = new("top9");

    /// <summary>The deconvolutions of the nine strongest patches.</summary>
    public static TileView Deconv { get; } = new("deconv");

    /// <summary>
    /// The neuron's filters, each neuron's on a scale of its own. They are drawn from the layer's link table; there is no stored picture.
    /// </summary>
    public static TileView Filter { get; } = new("filter");

    /// <summary>The neuron's filters on one scale for the layer. Pages switch to it where they show <see cref="Filter"/>.</summary>
    public static TileView FilterOfLayer { get; } = new("filter-layer");

    // Its pictures are the clearest, so they come before those of other recipes.
    internal const string FirstRecipe = "fourier";

    /// <summary>The ascent preset and seed; the preset is empty for other views.</summary>
    public (string Preset, int Seed) Ascent { get; private init; } = ("", 0);

    /// <summary>Whether the view shows the neuron's patches or their deconvolutions, which are cut to their effective fields.</summary>
    public bool ShowsPatches => IsSource || Id == "deconv";

    /// <summary>Whether the view shows pixels of the image set.</summary>
    public bool IsSource => Id is "top1" || SourcePixels.AreIn(Id);

    /// <summary>The name shown on pages.</summary>
    public string Label => Id switch
    {
        "top1" => "Top patch",
        "top9" => "Top 9",
        "deconv" => "Deconvolution",
        "filter" => "Filter",
        "filter-layer" => "Filter, one scale for all",
        _ => $"Ascent: {AscentName(Ascent.Preset)}{(Ascent.Seed == 0 ? "" : $", seed {Ascent.Seed}")}",
    };

    /// <summary>Returns the view of an ascent preset; with several facets it shows the first.</summary>
    public static TileView ForAscent(string preset, int seed) =>
        new(string.Create(CultureInfo.InvariantCulture, $"ascent-{(PresetNames.IsNumber(preset) ? "p" : "")}{preset}-s{seed}"))
        {
            Ascent = (preset, seed),
        };

    /// <summary>Parses the id of a view; returns null if it is not valid.</summary>
    public static TileView? Find(string id) => id switch
    {
        "top1" => Top1,
        "top9" => Top9,
        "deconv" => Deconv,
        "filter" => Filter,
        "filter-layer" => FilterOfLayer,
        _ when AscentId().Match(id) is { Success: true } match =>
            ForAscent(
                match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value,
                int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture)),
        _ => null,
    };

    /// <summary>Returns the views of an atlas in the order in which pages list them.</summary>
    public static IReadOnlyList<TileView> ListFor(AtlasSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var (views, drawn) = (new List<TileView>(), spec.DrawnMethods());
        if (drawn.HasFlag(AtlasMethods.Top9))
            views.AddRange([Top1, Top9]);
        if (drawn.HasFlag(AtlasMethods.Deconv))
            views.Add(Deconv);
        if (drawn.HasFlag(AtlasMethods.Ascent))
            views.AddRange(
                spec.Ascent.Presets.OrderBy(preset => preset == FirstRecipe ? 0 : 1).SelectMany(_ => spec.Ascent.Seeds, ForAscent));
        // Drawn from the links, which stay.
        if (spec.Methods.HasFlag(AtlasMethods.Filters))
            views.Add(Filter);
        return views;
    }

    /// <summary>Returns the object key of the picture that a tile is made from; null for filters.</summary>
    public string? Key(string atlas, string layer, int channel) => Id switch
    {
        "top1" or "top9" => AtlasKeys.Picture(atlas, layer, PictureMethod.Top9, channel),
        "deconv" => AtlasKeys.Picture(atlas, layer, PictureMethod.Deconv, channel),
        "filter" or "filter-layer" => null,
        _ => AtlasKeys.AscentPicture(atlas, layer, channel, Ascent.Preset, Ascent.Seed),
    };

    /// <summary>Returns the display name of a preset. The names of 1 to 4 follow table 1 of Yosinski et al. (2015).</summary>
    public static string AscentName(string preset) => preset switch
    {
        "1" => "high-frequency",
        "2" => "sparse",
        "3" => "low-frequency",
        "4" => "medium",
        _ => preset,
    };

    [GeneratedRegex(@"\Aascent-(?:p([1-4])|([a-z][a-z0-9-]{0,39}))-s(-?[0-9]{1,9})\z")]
    private static partial Regex AscentId();
}
