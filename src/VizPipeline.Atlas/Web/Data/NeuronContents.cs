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
        var likes = new List<(Layer, Neuron, float)>();
        foreach (var like in similar)
        {
            var id = atlas.Layers[like.Layer].Id;
            likes.Add((atlas.Layers[like.Layer], await catalog.Neurons.AsNoTracking().SingleAsync(row => row.LayerId == id && row.Channel == like.Channel, cancellation), like.Similarity));
        }
        return new NeuronContents(layer, neuron, [.. patches.Select(row => (row.patch, row.image))], pictures, likes);
    }

    /// <summary>Its picture of a method; null where it has none.</summary>
    public Picture? Of(string method) => Pictures.FirstOrDefault(picture => picture.Method == method);

    /// <summary>Its ascent pictures.</summary>
    public IEnumerable<Picture> Ascents => Pictures.Where(picture => picture.Method == PictureMethod.Ascent);
}
