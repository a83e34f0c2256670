using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The pictures that stand for an atlas in the list of atlases: neurons from early to late layers.</summary>
/// <param name="View">What the tiles show.</param>
/// <param name="Neurons">The slug of the layer and the channel of each neuron.</param>
public sealed record AtlasCover(TileView View, IReadOnlyList<(string Layer, int Channel)> Neurons)
{
    private const int Layers = 4;
    private const int PerLayer = 3;

    /// <summary>Chooses the neurons; there are none before the first pictures are drawn.</summary>
    public static async Task<AtlasCover> ReadAsync(CatalogContext catalog, LoadedAtlas atlas, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        var view = ChosenNeurons.ListViews(atlas) is [var first, ..] ? first : atlas.DefaultView;
        var neurons = new List<(string, int)>();
        foreach (var layer in Spread(atlas.Layers))
        {
            var chosen = await ChosenNeurons.ReadAsync(catalog, atlas, layer, [view], PerLayer, cancellation);
            neurons.AddRange(
                chosen.Where(neuron => neuron.Missing.Count == 0).Select(neuron => (LoadedAtlas.GetSlug(layer), neuron.Channel)));
        }
        return new AtlasCover(view, neurons);
    }

    private static IEnumerable<Layer> Spread(IReadOnlyList<Layer> layers) => layers.Count <= Layers
        ? layers : Enumerable.Range(0, Layers).Select(i => layers[i * (layers.Count - 1) / (Layers - 1)]);
}
