using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The contents of a neuron's page: everything about one neuron.</summary>
/// <param name="Layer">The layer of the neuron.</param>
/// <param name="Neuron">The neuron's row.</param>
/// <param name="Patches">The top patches by rank, with their images.</param>
/// <param name="Pictures">The pictures of the neuron.</param>
/// <param name="Similar">The most similar neurons; empty if the layer has no profiles.</param>
public sealed record NeuronContents(
    Layer Layer, Neuron Neuron, IReadOnlyList<(Patch Patch, Image Image)> Patches, IReadOnlyList<Picture> Pictures,
    IReadOnlyList<(Layer Layer, Neuron Neuron, float Similarity)> Similar)
{
    /// <summary>Reads the contents; returns null if there is no such neuron.</summary>
    public static async Task<NeuronContents?> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel,
        IReadOnlyList<(int Layer, int Channel, float Similarity)> similar, CancellationToken cancellation)
    {
        var neuron = await catalog.Neurons.AsNoTracking()
            .SingleOrDefaultAsync(row => row.LayerId == layer.Id && row.Channel == channel, cancellation);
        if (neuron is null)
            return null;
        var patches = await (
            from patch in catalog.Patches.AsNoTracking()
            where patch.LayerId == layer.Id && patch.Channel == channel
            join image in catalog.Images.AsNoTracking()
                .Where(image => image.AtlasId == atlas.Row.Id) on patch.ImageIndex equals image.ImageIndex
            orderby patch.Rank
            select new { patch, image }).ToListAsync(cancellation);
        var pictures = await catalog.Pictures.AsNoTracking().Where(picture => picture.LayerId == layer.Id && picture.Channel == channel)
            .OrderBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed)
            .ToListAsync(cancellation);
        var likes = await ReadNeuronsAsync(catalog, atlas, similar, cancellation);
        return new NeuronContents(layer, neuron, [.. patches.Select(row => (row.patch, row.image))], pictures, likes);
    }

    /// <summary>Reads the rows of neurons, in the given order, each with its value.</summary>
    public static async Task<IReadOnlyList<(Layer Layer, Neuron Neuron, float Value)>> ReadNeuronsAsync(
        CatalogContext catalog, LoadedAtlas atlas, IReadOnlyList<(int Layer, int Channel, float Value)> wanted,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (wanted.Count == 0)
            return [];
        var (layers, channels) =
            (wanted.Select(of => atlas.Layers[of.Layer].Id).Distinct().ToList(), wanted.Select(of => of.Channel).Distinct().ToList());
        var rows = await catalog.Neurons.AsNoTracking().Where(row => layers.Contains(row.LayerId) && channels.Contains(row.Channel))
            .ToDictionaryAsync(row => (row.LayerId, row.Channel), cancellation);
        return [.. wanted.Where(of => rows.ContainsKey((atlas.Layers[of.Layer].Id, of.Channel)))
            .Select(of => (atlas.Layers[of.Layer], rows[(atlas.Layers[of.Layer].Id, of.Channel)], of.Value))];
    }

    /// <summary>The neuron's inputs, with their filters, and outputs.</summary>
    public NeuronConnections Links { get; init; } = new(0, [], []);

    /// <summary>Finds the neuron's first picture of a method; returns null if there is none.</summary>
    public Picture? FindPicture(string method) => Pictures.FirstOrDefault(picture => picture.Method == method);

    /// <summary>The ascent pictures.</summary>
    public IEnumerable<Picture> Ascents => Pictures.Where(picture => picture.Method == PictureMethod.Ascent);
}
