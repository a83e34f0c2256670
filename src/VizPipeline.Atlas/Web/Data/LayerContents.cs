using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The contents of a layer's page: its neurons and its filter picture.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Neurons">The neurons by channel.</param>
/// <param name="FiltersKey">The object key of the filter picture; null if there is none.</param>
/// <param name="HasReadableFilters">
/// Whether each neuron has one filter that can be read at a glance: in colour over the image, or a single kernel of more than one weight.
/// </param>
/// <param name="Dictionary">What dictionary the layer is of, and how well it restores what it reads; null for other layers.</param>
public sealed record LayerContents(
    Layer Layer, IReadOnlyList<Neuron> Neurons, string? FiltersKey, bool HasReadableFilters, string? Dictionary = null)
{
    /// <summary>Reads the contents.</summary>
    /// <exception cref="ObjectStoreException">The object store cannot be read.</exception>
    /// <exception cref="CorruptTableException">The layer's link table is damaged.</exception>
    public static async Task<LayerContents> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, LinkTables links, IObjectStore store, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(links);
        var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id).OrderBy(neuron => neuron.Channel)
            .ToListAsync(cancellation);
        var filters = await catalog.Pictures.Where(
            picture => picture.LayerId == layer.Id && picture.Channel == PictureRow.WholeLayer && picture.Method == PictureMethod.Filters)
            .Select(picture => picture.Key).FirstOrDefaultAsync(cancellation);
        var table = filters is null ? null : await links.FindAsync(atlas.Id, layer.Name, cancellation);
        return new LayerContents(
            layer, neurons, filters, table is not null && FilterTile.IsReadable(table),
            await DescribeDictionaryAsync(atlas, layer, store, cancellation));
    }

    private static async Task<string?> DescribeDictionaryAsync(
        LoadedAtlas atlas, Layer layer, IObjectStore store, CancellationToken cancellation)
    {
        var dictionary = (atlas.Spec.Dictionaries ?? []).FirstOrDefault(dictionary => dictionary.LayerName == layer.Name);
        if (dictionary is null)
            return null;
        var measured = await store.TryGetAsync(AtlasKeys.Reconstruction(atlas.Id, layer.Name), cancellation) is { } bytes
            ? $". Over the image set: {VizJson.Read<DictionaryFacts>(bytes).Describe()}" : "";
        return $"A dictionary on layer {dictionary.Layer}: {dictionary.Description}{measured}.";
    }

    /// <summary>Returns the histogram of a statistic over the neurons, with 24 bins; empty if no neuron has the statistic.</summary>
    public (IReadOnlyList<int> Counts, double Low, double High) Distribution(Func<Neuron, double?> statistic)
    {
        const int Bins = 24;
        var values = Neurons.Select(statistic).OfType<double>().ToList();
        if (values.Count == 0)
            return ([], 0, 0);
        var (low, high, counts) = (values.Min(), values.Max(), new int[Bins]);
        foreach (var value in values)
            counts[high > low ? Math.Min(Bins - 1, (int)((value - low) / (high - low) * Bins)) : 0]++;
        return (counts, low, high);
    }
}
