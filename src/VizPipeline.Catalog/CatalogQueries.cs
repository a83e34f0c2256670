using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Queries for status and exports. Rows are not tracked, and streams hold one row at a time.</summary>
public static class CatalogQueries
{
    /// <summary>Finds an atlas by its slug; null when the catalog has no such atlas.</summary>
    public static Task<Atlas?> FindAtlasAsync(this CatalogContext context, string slug, CancellationToken cancellation = default)
        => context.Atlases.AsNoTracking().SingleOrDefaultAsync(atlas => atlas.Slug == slug, cancellation);

    /// <summary>
    /// Gets the next jobs of a kind to send, tracked. Takes milliseconds, however many are waiting. Call it inside a transaction.
    /// </summary>
    /// <param name="context">The catalog.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="now">The current time, UTC; jobs scheduled for later are skipped.</param>
    /// <param name="count">Maximum number of jobs.</param>
    /// <param name="cancellation">Cancels the query.</param>
    public static async Task<IReadOnlyList<Job>> NextJobsAsync(
        this CatalogContext context, JobKind kind, DateTime now, int count, CancellationToken cancellation = default)
    {
        await context.FollowIndexesAsync(cancellation);
        return await context.Jobs.AsTracking()
            .Where(job => job.State == JobState.Pending && job.Kind == kind && (job.NotBefore == null || job.NotBefore <= now))
            .OrderBy(job => job.Priority).ThenBy(job => job.AtlasId).ThenBy(job => job.JobId)
            .Take(count)
            .ToListAsync(cancellation);
    }

    /// <summary>Counts jobs by kind, layer and state, and sums their cost.</summary>
    public static async Task<IReadOnlyList<JobCount>> CountJobsAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => await context.Jobs.AsNoTracking()
            .Where(job => job.AtlasId == atlasId)
            .GroupBy(job => new { job.Kind, job.LayerIndex, job.State })
            .Select(jobs => new JobCount(
                jobs.Key.Kind, jobs.Key.State, jobs.Count(), jobs.Sum(job => (long)job.Units), jobs.Sum(job => job.ElapsedSeconds ?? 0),
                jobs.Key.LayerIndex))
            .ToListAsync(cancellation);

    /// <summary>Lists the failed and blocked jobs in job order.</summary>
    public static async Task<IReadOnlyList<Job>> FailuresAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => await context.Jobs.AsNoTracking()
            .Where(job => job.AtlasId == atlasId && (job.State == JobState.Failed || job.State == JobState.Blocked))
            .OrderBy(job => job.JobId)
            .ToListAsync(cancellation);

    /// <summary>Lists the layers in the network's order.</summary>
    public static async Task<IReadOnlyList<Layer>> LayersAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
    {
        var atlas = await context.Atlases.AsNoTracking().SingleOrDefaultAsync(atlas => atlas.Id == atlasId, cancellation);
        return atlas is null ? [] : await context.LayersAsync(atlasId, atlas.ReadSpec(), cancellation);
    }

    /// <inheritdoc cref="LayersAsync(CatalogContext, int, CancellationToken)"/>
    /// <param name="context">The catalog.</param>
    /// <param name="atlasId">The atlas's number in it.</param>
    /// <param name="spec">The atlas's spec, which has the order.</param>
    /// <param name="cancellation">Cancels the query.</param>
    public static async Task<IReadOnlyList<Layer>> LayersAsync(
        this CatalogContext context, int atlasId, AtlasSpec spec, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var layers = await context.Layers.AsNoTracking().Where(layer => layer.AtlasId == atlasId).ToListAsync(cancellation);
        var places = spec.LayersInOrder().Index().ToDictionary(layer => layer.Item.Index, layer => layer.Index);
        return [.. layers.OrderBy(layer => places.GetValueOrDefault(layer.LayerIndex, int.MaxValue)).ThenBy(layer => layer.LayerIndex)];
    }

    /// <summary>Streams all neurons by layer and channel.</summary>
    public static IAsyncEnumerable<(Layer Layer, Neuron Neuron)> NeuronsAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => ByLayerAsync(context, atlasId, layer => context.Neurons.AsNoTracking()
            .Where(neuron => neuron.LayerId == layer.Id)
            .OrderBy(neuron => neuron.Channel), cancellation);

    /// <summary>Streams all patches by layer, channel and rank.</summary>
    public static IAsyncEnumerable<(Layer Layer, Patch Patch)> PatchesAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => ByLayerAsync(context, atlasId, layer => context.Patches.AsNoTracking()
            .Where(patch => patch.LayerId == layer.Id)
            .OrderBy(patch => patch.Channel).ThenBy(patch => patch.Rank), cancellation);

    /// <summary>Streams all pictures by layer, channel, method, variant and seed.</summary>
    public static IAsyncEnumerable<(Layer Layer, Picture Picture)> PicturesAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => ByLayerAsync(context, atlasId, layer => context.Pictures.AsNoTracking()
            .Where(picture => picture.LayerId == layer.Id)
            .OrderBy(picture => picture.Channel).ThenBy(picture => picture.Method)
            .ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed), cancellation);

    /// <summary>Streams all facets by layer, channel and number.</summary>
    public static IAsyncEnumerable<(Layer Layer, Facet Facet)> FacetsAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => ByLayerAsync(context, atlasId, layer => context.Facets.AsNoTracking()
            .Where(facet => facet.LayerId == layer.Id)
            .OrderBy(facet => facet.Channel).ThenBy(facet => facet.Number), cancellation);

    /// <summary>Streams all images by index.</summary>
    public static IAsyncEnumerable<Image> ImagesAsync(this CatalogContext context, int atlasId)
        => context.Images.AsNoTracking().Where(image => image.AtlasId == atlasId).OrderBy(image => image.ImageIndex).AsAsyncEnumerable();

    /// <summary>Lists the unreadable images by index.</summary>
    public static async Task<IReadOnlyList<Image>> UnreadableImagesAsync(
        this CatalogContext context, int atlasId, CancellationToken cancellation = default)
        => await context.Images.AsNoTracking()
            .Where(image => image.AtlasId == atlasId && image.UnreadableReason != null)
            .OrderBy(image => image.ImageIndex)
            .ToListAsync(cancellation);

    // Within a layer, rows come in primary key order; a single query over all layers would sort them in memory first.
    private static async IAsyncEnumerable<(Layer Layer, T Row)> ByLayerAsync<T>(
        CatalogContext context, int atlasId, Func<Layer, IQueryable<T>> rows, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var layer in await context.LayersAsync(atlasId, cancellation))
        {
            await foreach (var row in rows(layer).AsAsyncEnumerable().WithCancellation(cancellation))
                yield return (layer, row);
        }
    }
}

/// <summary>The jobs of one kind and layer in one state.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="State">The state.</param>
/// <param name="Jobs">Number of jobs.</param>
/// <param name="Units">Their work, see <see cref="PlannedJob.Units"/>.</param>
/// <param name="Seconds">Seconds of work of the completed ones.</param>
/// <param name="Layer">Index of the layer; null for kinds without layers.</param>
public sealed record JobCount(JobKind Kind, JobState State, int Jobs, long Units, double Seconds, int? Layer = null);
