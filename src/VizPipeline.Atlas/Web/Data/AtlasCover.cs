using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The pictures that stand for an atlas in the list of atlases: its most selective neurons, from early to late layers.</summary>
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
        var view = atlas.Views.FirstOrDefault(view => view.Ascent.Preset.Length > 0) ?? atlas.DefaultView;
        var method = view.Ascent.Preset.Length > 0 ? PictureMethod.Ascent : view.IsSource ? PictureMethod.Top9 : PictureMethod.Deconv;
        var neurons = new List<(string, int)>();
        foreach (var layer in Spread(atlas.Layers))
        {
            var channels = await catalog.Neurons.AsNoTracking()
                .Where(neuron => neuron.LayerId == layer.Id && neuron.Dead != true && catalog.Pictures.Any(
                    picture => picture.LayerId == layer.Id && picture.Channel == neuron.Channel && picture.Method == method
                        && picture.Key != null))
                .OrderByDescending(neuron => neuron.ClassSelectivity ?? 0).ThenBy(neuron => neuron.Channel)
                .Select(neuron => neuron.Channel).Take(PerLayer).ToListAsync(cancellation);
            neurons.AddRange(channels.Select(channel => (LoadedAtlas.GetSlug(layer), channel)));
        }
        return new AtlasCover(view, neurons);
    }

    private static IEnumerable<Layer> Spread(IReadOnlyList<Layer> layers) => layers.Count <= Layers
        ? layers : Enumerable.Range(0, Layers).Select(i => layers[i * (layers.Count - 1) / (Layers - 1)]);
}
