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
        var patches = await ReadPatchesAsync(catalog, layer, channel, cancellation);
        var pictures = await catalog.Pictures.AsNoTracking().Where(picture => picture.LayerId == layer.Id && picture.Channel == channel)
            .OrderBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed)
            .ToListAsync(cancellation);
        var likes = await ReadNeuronsAsync(catalog, atlas, similar, cancellation);
        return new NeuronContents(layer, neuron, patches, pictures, likes)
        {
            Facets = await NeuronFacet.ReadAsync(catalog, layer, channel, pictures, cancellation),
        };
    }

    /// <summary>Reads the top patches of a neuron by rank, with their images.</summary>
    public static async Task<IReadOnlyList<(Patch Patch, Image Image)>> ReadPatchesAsync(
        CatalogContext catalog, Layer layer, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(layer);
        var patches = await (
            from patch in catalog.Patches.AsNoTracking()
            where patch.LayerId == layer.Id && patch.Channel == channel
            join image in catalog.Images.AsNoTracking()
                .Where(image => image.AtlasId == layer.AtlasId) on patch.ImageIndex equals image.ImageIndex
            orderby patch.Rank
            select new { patch, image }).ToListAsync(cancellation);
        return [.. patches.Select(row => (row.patch, row.image))];
    }

    /// <summary>Reads the rows of neurons, in the given order, each with its value.</summary>
    public static async Task<IReadOnlyList<(Layer Layer, Neuron Neuron, float Value)>> ReadNeuronsAsync(
        CatalogContext catalog, LoadedAtlas atlas, IReadOnlyList<(int Layer, int Channel, float Value)> wanted,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (wanted.Count == 0)
            return [];
        // What was found before a layer was taken away is left out.
        var known = wanted.Select(of => (Layer: atlas.FindLayer(of.Layer), of.Channel, of.Value)).Where(of => of.Layer is not null)
            .Select(of => (Layer: of.Layer!, of.Channel, of.Value)).ToList();
        var (layers, channels) =
            (known.Select(of => of.Layer.Id).Distinct().ToList(), known.Select(of => of.Channel).Distinct().ToList());
        var rows = await catalog.Neurons.AsNoTracking().Where(row => layers.Contains(row.LayerId) && channels.Contains(row.Channel))
            .ToDictionaryAsync(row => (row.LayerId, row.Channel), cancellation);
        return [.. known.Where(of => rows.ContainsKey((of.Layer.Id, of.Channel)))
            .Select(of => (of.Layer, rows[(of.Layer.Id, of.Channel)], of.Value))];
    }

    /// <summary>The neuron's inputs, with their filters, and outputs.</summary>
    public NeuronConnections Links { get; init; } = new(0, [], []);

    /// <summary>The neuron's facets by number; empty if none were looked for.</summary>
    public IReadOnlyList<NeuronFacet> Facets { get; init; } = [];

    /// <summary>Finds the neuron's first picture of a method; returns null if there is none.</summary>
    public Picture? FindPicture(string method) => Pictures.FirstOrDefault(picture => picture.Method == method);

    /// <summary>The ascent pictures, the clearest first.</summary>
    public IEnumerable<Picture> Ascents => Pictures.Where(picture => picture.Method == PictureMethod.Ascent)
        .OrderBy(picture => picture.Variant.Split(' ')[0] == TileView.FirstRecipe ? 0 : 1);
}
