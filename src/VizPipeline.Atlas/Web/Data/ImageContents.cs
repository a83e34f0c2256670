using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The contents of an image's page: the image and the neurons that have it in their top 9.</summary>
/// <param name="Image">The image's row.</param>
/// <param name="Places">Its places in the top 9 of neurons, the best ranks first.</param>
/// <param name="Count">The total number of its places.</param>
public sealed record ImageContents(Image Image, IReadOnlyList<(Layer Layer, Neuron Neuron, Patch Patch)> Places, int Count)
{
    private const int Shown = 200;

    /// <summary>Reads the contents; returns null if the set has no such image.</summary>
    public static async Task<ImageContents?> ReadAsync(CatalogContext catalog, LoadedAtlas atlas, int index, CancellationToken cancellation)
    {
        var image = await catalog.Images.AsNoTracking()
            .SingleOrDefaultAsync(row => row.AtlasId == atlas.Row.Id && row.ImageIndex == index, cancellation);
        if (image is null)
            return null;
        var layers = atlas.Layers.ToDictionary(layer => layer.Id);
        var ids = layers.Keys.ToList();
        var held = catalog.Patches.AsNoTracking().Where(patch => ids.Contains(patch.LayerId) && patch.ImageIndex == index);
        var rows = await (
            from patch in held
            join neuron in catalog.Neurons.AsNoTracking()
                on new { patch.LayerId, patch.Channel } equals new { neuron.LayerId, neuron.Channel }
            orderby patch.Rank, patch.LayerId descending, patch.Channel
            select new { patch, neuron }).Take(Shown).ToListAsync(cancellation);
        return new ImageContents(
            image, [.. rows.Select(row => (layers[row.patch.LayerId], row.neuron, row.patch))], await held.CountAsync(cancellation));
    }
}
