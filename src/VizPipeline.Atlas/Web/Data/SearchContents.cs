using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>What the search of one atlas finds.</summary>
/// <param name="Named">Output neurons with the name searched for, only on the first page.</param>
/// <param name="Neurons">The other neurons of the page.</param>
/// <param name="Next">The cursor of the next page; null on the last page.</param>
public sealed record SearchContents(
    IReadOnlyList<(Layer Layer, Neuron Neuron)> Named, IReadOnlyList<(Layer Layer, Neuron Neuron)> Neurons, string? Next)
{
    private const int MostNamed = 24;

    /// <summary>No result, of a form that is wrong.</summary>
    public static SearchContents Empty { get; } = new([], [], null);

    /// <summary>Reads one page.</summary>
    /// <exception cref="QueryException">A part of the query is invalid.</exception>
    public static async Task<SearchContents> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, NeuronQuery query, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        var named = await query.ReadNamedAsync(catalog, atlas, MostNamed, cancellation);
        var page = await query.ReadAsync(catalog, atlas, cancellation);
        var shown = named.Select(hit => (hit.Neuron.LayerId, hit.Neuron.Channel)).ToHashSet();
        return new SearchContents(
            query.After is null ? named : [],
            [.. page.Items.Where(hit => !shown.Contains((hit.Neuron.LayerId, hit.Neuron.Channel)))], page.Next);
    }
}
