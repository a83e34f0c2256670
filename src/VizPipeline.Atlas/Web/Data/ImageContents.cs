using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>An image of the set, and the neurons among whose top 9 it is.</summary>
/// <param name="Image">Its row.</param>
/// <param name="Places">The places that it holds, the best ranks first.</param>
/// <param name="Count">How many it holds.</param>
public sealed record ImageContents(Image Image, IReadOnlyList<(Layer Layer, Neuron Neuron, Patch Patch)> Places, int Count)
{
    private const int Shown = 200;

    /// <summary>Reads it; null where the set has no such image.</summary>
    public static async Task<ImageContents?> ReadAsync(CatalogContext catalog, AtlasView atlas, int index, CancellationToken cancellation)
    {
        var image = await catalog.Images.AsNoTracking().SingleOrDefaultAsync(row => row.AtlasId == atlas.Row.Id && row.ImageIndex == index, cancellation);
        if (image is null)
            return null;
        var layers = atlas.Layers.ToDictionary(layer => layer.Id);
        var ids = layers.Keys.ToList();
        var held = catalog.Patches.AsNoTracking().Where(patch => ids.Contains(patch.LayerId) && patch.ImageIndex == index);
        var rows = await (
            from patch in held
            join neuron in catalog.Neurons.AsNoTracking() on new { patch.LayerId, patch.Channel } equals new { neuron.LayerId, neuron.Channel }
            orderby patch.Rank, patch.LayerId descending, patch.Channel
            select new { patch, neuron }).Take(Shown).ToListAsync(cancellation);
        return new ImageContents(image, [.. rows.Select(row => (layers[row.patch.LayerId], row.neuron, row.patch))], await held.CountAsync(cancellation));
    }
}
