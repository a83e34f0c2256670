using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Writes a planned atlas into the catalog.</summary>
public static class AtlasCreation
{
    /// <summary>Adds the atlas with its layers, neurons, images and jobs, all jobs waiting. Call it inside a transaction.</summary>
    /// <param name="context">The catalog.</param>
    /// <param name="spec">The spec, without faults.</param>
    /// <param name="images">The image list, as long as the spec says.</param>
    /// <param name="plan">The jobs.</param>
    /// <param name="now">The time, UTC.</param>
    /// <param name="cancellation">Stops early; the transaction is then to be rolled back.</param>
    public static async Task<Atlas> CreateAsync(
        CatalogContext context,
        AtlasSpec spec,
        ImageList images,
        IReadOnlyList<PlannedJob> plan,
        DateTime now,
        CancellationToken cancellation)
    {
        var atlas = new Atlas
        {
            Slug = spec.Id,
            Name = spec.Name,
            SpecHash = spec.Hash(),
            Spec = Encoding.UTF8.GetString(VizJson.Write(spec)),
            State = AtlasState.Running,
            CreatedAt = now,
        };
        context.Add(atlas);
        await context.SaveChangesAsync(cancellation);
        var layers = spec.Layers.Select(layer => CatalogRows.Of(atlas.Id, layer)).ToList();
        context.AddRange(layers);
        await context.SaveChangesAsync(cancellation);

        await context.UpsertAsync(layers.SelectMany(Neurons), [], cancellation);
        await context.UpsertAsync(images.Images.Select((image, index) => Row(atlas.Id, index, image)), [], cancellation);
        await context.UpsertAsync(plan.Select(job => CatalogRows.Of(atlas.Id, job)), [], cancellation);
        return atlas;
    }

    private static IEnumerable<Neuron> Neurons(Layer layer)
        => Enumerable.Range(0, layer.Channels).Select(channel => new Neuron { LayerId = layer.Id, Channel = channel });

    private static Image Row(int atlasId, int index, ImageEntry image)
        => new() { AtlasId = atlasId, ImageIndex = index, Path = image.Path, Label = image.Label };
}
