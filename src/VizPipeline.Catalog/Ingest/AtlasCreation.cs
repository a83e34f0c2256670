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
        await AddLayersAsync(context, atlas.Id, spec, spec.Layers, cancellation);
        var ready = WaitForNone(plan, spec);
        await AddImagesAsync(context, atlas.Id, spec, images, known: 0, knownClasses: 0, cancellation);
        await context.InsertAsync(plan.Select(job => CatalogRows.Of(atlas.Id, job, ready.Contains(job.Group))), cancellation);
        return atlas;
    }

    /// <summary>Adds layers with their neurons to an atlas. Call it inside a transaction.</summary>
    /// <param name="context">The catalog.</param>
    /// <param name="atlasId">The atlas's number in it.</param>
    /// <param name="spec">The spec, which names the outputs.</param>
    /// <param name="added">The layers of the spec that the catalog lacks.</param>
    /// <param name="cancellation">Cancels the operation; roll the transaction back.</param>
    public static async Task AddLayersAsync(
        CatalogContext context, int atlasId, AtlasSpec spec, IEnumerable<LayerSpec> added, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(spec);
        var layers = added.Select(layer => CatalogRows.Of(atlasId, layer)).ToList();
        context.AddRange(layers);
        await context.SaveChangesAsync(cancellation);
        await context.InsertAsync(layers.SelectMany(layer => Neurons(layer, spec)), cancellation);
    }

    /// <summary>
    /// Adds the images and their classes to an atlas, but for the first ones, which it has. Call it inside a transaction.
    /// </summary>
    /// <param name="context">The catalog.</param>
    /// <param name="atlasId">The atlas's number in it.</param>
    /// <param name="spec">The spec, which names the classes.</param>
    /// <param name="images">The list of all images.</param>
    /// <param name="known">Number of images that the catalog has.</param>
    /// <param name="knownClasses">Number of classes that it has.</param>
    /// <param name="cancellation">Cancels the operation; roll the transaction back.</param>
    public static async Task AddImagesAsync(
        CatalogContext context, int atlasId, AtlasSpec spec, ImageList images, int known, int knownClasses, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(images);
        await context.InsertAsync(
            spec.Images.Classes.Select((name, index) => Row(atlasId, index, name)).Skip(knownClasses), cancellation);
        await context.InsertAsync(images.Images.Select((image, index) => Row(atlasId, index, image)).Skip(known), cancellation);
    }

    /// <summary>Adds waiting jobs to an atlas. Call it inside a transaction.</summary>
    public static Task AddJobsAsync(
        CatalogContext context, int atlasId, IEnumerable<PlannedJob> jobs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.InsertAsync(jobs.Select(job => CatalogRows.Of(atlasId, job, ready: false)), cancellation);
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
