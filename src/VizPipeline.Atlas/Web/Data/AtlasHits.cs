using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>What a search over all atlases finds in one of them.</summary>
/// <param name="Atlas">The atlas.</param>
/// <param name="Layers">The first layers whose names contain the text.</param>
/// <param name="Classes">The first classes whose names contain the text.</param>
/// <param name="Neurons">Output neurons of that name, then the neurons that are most selective for these classes.</param>
/// <param name="HasMore">Whether the atlas's own search finds more neurons.</param>
public sealed record AtlasHits(
    LoadedAtlas Atlas, IReadOnlyList<Layer> Layers, IReadOnlyList<(int Index, string Name)> Classes,
    IReadOnlyList<(Layer Layer, Neuron Neuron)> Neurons, bool HasMore)
{
    private const int NeuronsShown = 12;
    private const int NamesShown = 8;

    /// <summary>Reads what one atlas has; null if nothing in it is named so.</summary>
    public static async Task<AtlasHits?> ReadAsync(CatalogContext catalog, LoadedAtlas atlas, string text, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(text);
        Layer[] layers = [.. atlas.Layers.Where(layer => layer.Name.Contains(text, StringComparison.OrdinalIgnoreCase))];
        var classes = atlas.FindClasses(text);
        var hasNeurons = classes.Count > 0 || atlas.FindOutputs(text).Count > 0;
        var isNamed = atlas.Spec.Name.Contains(text, StringComparison.OrdinalIgnoreCase)
            || atlas.Id.Contains(text, StringComparison.OrdinalIgnoreCase);
        if (layers.Length == 0 && !hasNeurons && !isNamed)
            return null;
        List<(Layer Layer, Neuron Neuron)> neurons = [];
        // Without such a class or output there is no such neuron, and no need to look at all of them.
        if (hasNeurons)
        {
            var query = new NeuronQuery { Text = text, Sort = SearchForm.DefaultSort(atlas), Limit = NeuronsShown + 1 };
            neurons.AddRange(await query.ReadNamedAsync(catalog, atlas, NeuronsShown + 1, cancellation));
            if (neurons.Count <= NeuronsShown)
                neurons.AddRange((await query.ReadAsync(catalog, atlas, cancellation)).Items);
            neurons = [.. neurons.DistinctBy(hit => (hit.Neuron.LayerId, hit.Neuron.Channel))];
        }
        return new AtlasHits(
            atlas, [.. layers.Take(NamesShown)],
            [.. classes.Where(index => index < atlas.Spec.Images.Classes.Count).Take(NamesShown)
                .Select(index => (index, atlas.ClassName(index)!))],
            [.. neurons.Take(NeuronsShown)], neurons.Count > NeuronsShown);
    }
}

/// <summary>A page of a search for a name over all atlases.</summary>
/// <param name="Found">What each atlas has, the newest atlas first.</param>
/// <param name="Atlases">The number of atlases.</param>
/// <param name="IsCut">Whether there are so many atlases that the oldest were not searched.</param>
/// <param name="Next">Where the next page begins; null on the last page.</param>
public sealed record AtlasSearch(IReadOnlyList<AtlasHits> Found, int Atlases, bool IsCut, int? Next)
{
    private const int MostSearched = 400;

    // Finding neurons by class takes longest: 90 to 250 ms in an atlas of 27,000 neurons on a busy machine of two cores.
    private const int MostFound = 10;

    /// <summary>No result.</summary>
    public static AtlasSearch Empty { get; } = new([], 0, false, null);

    /// <summary>Searches the newest atlases.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlases">Loads the atlases.</param>
    /// <param name="text">The text; null for none.</param>
    /// <param name="from"><see cref="Next"/> of the page before; 0 for the first page.</param>
    /// <param name="cancellation">Cancels the search.</param>
    public static async Task<AtlasSearch> ReadAsync(
        CatalogContext catalog, LoadedAtlasCache atlases, string? text, int from, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlases);
        var count = await catalog.Atlases.CountAsync(cancellation);
        if (text is null)
            return Empty with { Atlases = count };
        var slugs = await FindCandidatesAsync(catalog, text, cancellation);
        var found = new List<AtlasHits>();
        var next = Math.Max(0, from);
        while (next < slugs.Count && found.Count < MostFound)
        {
            if (await atlases.FindAsync(slugs[next++], cancellation) is { } atlas
                && await AtlasHits.ReadAsync(catalog, atlas, text, cancellation) is { } hits)
                found.Add(hits);
        }
        return new AtlasSearch(found, count, count > MostSearched, next < slugs.Count ? next : null);
    }

    // A spec holds all names of its atlas. Looking for the text in the JSON is much faster than parsing the JSON.
    private static async Task<List<string>> FindCandidatesAsync(CatalogContext catalog, string text, CancellationToken cancellation)
    {
        var slugs = new List<string>();
        var json = VizJson.Options.Encoder!.Encode(text);
        await foreach (var row in catalog.Atlases.AsNoTracking().OrderByDescending(atlas => atlas.Id).Take(MostSearched)
            .Select(atlas => new { atlas.Slug, atlas.Name, atlas.Spec }).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (row.Spec.Contains(json, StringComparison.OrdinalIgnoreCase) || row.Slug.Contains(text, StringComparison.OrdinalIgnoreCase)
                || row.Name.Contains(text, StringComparison.OrdinalIgnoreCase))
                slugs.Add(row.Slug);
        }
        return slugs;
    }
}
