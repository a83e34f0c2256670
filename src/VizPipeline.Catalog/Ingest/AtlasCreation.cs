using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Writes a planned atlas into the catalog.</summary>
public static class AtlasCreation
{
    /// <summary>
    /// Adds the atlas with its layers, neurons, images and jobs; jobs without dependencies become pending. Call it inside a transaction.
    /// </summary>
    /// <param name="context">The catalog.</param>
    /// <param name="spec">A valid spec.</param>
    /// <param name="images">The image list, as long as the spec says.</param>
    /// <param name="plan">The jobs.</param>
    /// <param name="now">The current time, UTC.</param>
    /// <param name="cancellation">Cancels the operation; roll the transaction back.</param>
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

        var ready = WaitForNone(plan, spec);
        await context.InsertAsync(layers.SelectMany(layer => Neurons(layer, spec)), cancellation);
        await context.InsertAsync(spec.Images.Classes.Select((name, index) => Row(atlas.Id, index, name)), cancellation);
        await context.InsertAsync(images.Images.Select((image, index) => Row(atlas.Id, index, image)), cancellation);
        await context.InsertAsync(plan.Select(job => CatalogRows.Of(atlas.Id, job, ready.Contains(job.Group))), cancellation);
        return atlas;
    }

    // Jobs are inserted in their final state: releasing a million jobs afterwards takes as long as inserting them.
    private static HashSet<JobGroup> WaitForNone(IEnumerable<PlannedJob> plan, AtlasSpec spec)
    {
        var groups = plan.CountBy(job => job.Group)
            .ToDictionary(group => group.Key, group => new GroupState(group.Value, Waiting: group.Value, Active: 0, Lost: 0));
        return [.. JobStages.Next(spec, groups).Where(step => !step.Blocked).Select(step => step.Group)];
    }

    private static IEnumerable<Neuron> Neurons(Layer layer, AtlasSpec spec)
    {
        var names = layer.Kind == "output" ? spec.OutputNames : [];
        return Enumerable.Range(0, layer.Channels).Select(channel
            => new Neuron { LayerId = layer.Id, Channel = channel, Name = channel < names.Count ? names[channel] : null });
    }

    private static ImageClass Row(int atlasId, int index, string name) => new() { AtlasId = atlasId, ClassIndex = index, Name = name };

    private static Image Row(int atlasId, int index, ImageEntry image)
        => new() { AtlasId = atlasId, ImageIndex = index, Path = image.Path, Label = image.Label };
}
