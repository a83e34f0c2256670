using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Web.Data;

/// <summary>Everything about one neuron.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Neuron">Its row.</param>
/// <param name="Patches">Its top patches by rank, with their images.</param>
/// <param name="Pictures">Its pictures.</param>
/// <param name="Similar">The neurons most like it; empty where that is not known.</param>
public sealed record NeuronContents(
    Layer Layer, Neuron Neuron, IReadOnlyList<(Patch Patch, Image Image)> Patches, IReadOnlyList<Picture> Pictures, IReadOnlyList<(Layer Layer, Neuron Neuron, float Similarity)> Similar)
{
    /// <summary>Reads it; null where there is no such neuron.</summary>
    public static async Task<NeuronContents?> ReadAsync(
        CatalogContext catalog, AtlasView atlas, Layer layer, int channel, IReadOnlyList<(int Layer, int Channel, float Similarity)> similar, CancellationToken cancellation)
    {
        var neuron = await catalog.Neurons.AsNoTracking().SingleOrDefaultAsync(row => row.LayerId == layer.Id && row.Channel == channel, cancellation);
        if (neuron is null)
            return null;
        var patches = await (
            from patch in catalog.Patches.AsNoTracking()
            where patch.LayerId == layer.Id && patch.Channel == channel
            join image in catalog.Images.AsNoTracking().Where(image => image.AtlasId == atlas.Row.Id) on patch.ImageIndex equals image.ImageIndex
            orderby patch.Rank
            select new { patch, image }).ToListAsync(cancellation);
        var pictures = await catalog.Pictures.AsNoTracking().Where(picture => picture.LayerId == layer.Id && picture.Channel == channel)
            .OrderBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed).ToListAsync(cancellation);
        var likes = await NeuronsAsync(catalog, atlas, similar, cancellation);
        return new NeuronContents(layer, neuron, [.. patches.Select(row => (row.patch, row.image))], pictures, likes);
    }

    /// <summary>The rows of neurons, in their order, with a number each.</summary>
    public static async Task<IReadOnlyList<(Layer Layer, Neuron Neuron, float Value)>> NeuronsAsync(
        CatalogContext catalog, AtlasView atlas, IReadOnlyList<(int Layer, int Channel, float Value)> wanted, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (wanted.Count == 0)
            return [];
        var (layers, channels) = (wanted.Select(of => atlas.Layers[of.Layer].Id).Distinct().ToList(), wanted.Select(of => of.Channel).Distinct().ToList());
        var rows = await catalog.Neurons.AsNoTracking().Where(row => layers.Contains(row.LayerId) && channels.Contains(row.Channel)).ToDictionaryAsync(row => (row.LayerId, row.Channel), cancellation);
        return [.. wanted.Where(of => rows.ContainsKey((atlas.Layers[of.Layer].Id, of.Channel))).Select(of => (atlas.Layers[of.Layer], rows[(atlas.Layers[of.Layer].Id, of.Channel)], of.Value))];
    }

    /// <summary>The filters that make it, and the neurons that it feeds.</summary>
    public NeuronLinksView Links { get; init; } = new(0, [], []);

    /// <summary>Its picture of a method; null where it has none.</summary>
    public Picture? Of(string method) => Pictures.FirstOrDefault(picture => picture.Method == method);

    /// <summary>Its ascent pictures.</summary>
    public IEnumerable<Picture> Ascents => Pictures.Where(picture => picture.Method == PictureMethod.Ascent);
}
