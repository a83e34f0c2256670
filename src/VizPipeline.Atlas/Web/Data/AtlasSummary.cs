using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>An atlas in the list of atlases.</summary>
/// <param name="Atlas">The atlas's row.</param>
/// <param name="Layers">The number of layers.</param>
/// <param name="Neurons">The number of neurons.</param>
/// <param name="Images">The number of images in its set.</param>
/// <param name="Jobs">The number of jobs.</param>
/// <param name="Done">The number of completed jobs.</param>
/// <param name="Failed">The number of failed and blocked jobs.</param>
public sealed record AtlasSummary(Catalog.Atlas Atlas, int Layers, long Neurons, int Images, int Jobs, int Done, int Failed)
{
    /// <summary>Whether jobs remain and no process works on them.</summary>
    public bool IsStopped { get; init; }

    /// <summary>Reads all atlases, the newest first.</summary>
    public static async Task<IReadOnlyList<AtlasSummary>> ReadAllAsync(CatalogContext catalog, CancellationToken cancellation) =>
        await ReadAsync(
            catalog, await catalog.Atlases.AsNoTracking().OrderByDescending(atlas => atlas.Id).ToListAsync(cancellation), cancellation);

    /// <summary>Reads the summaries of the given atlases, in the given order.</summary>
    public static async Task<IReadOnlyList<AtlasSummary>> ReadAsync(
        CatalogContext catalog, IReadOnlyList<Catalog.Atlas> atlases, CancellationToken cancellation)
    {
        var ids = atlases.Select(atlas => atlas.Id).ToList();
        var layers = await catalog.Layers.Where(layer => ids.Contains(layer.AtlasId)).GroupBy(layer => layer.AtlasId)
            .Select(of => new { of.Key, Count = of.Count(), Neurons = of.Sum(layer => (long)layer.Channels) })
            .ToDictionaryAsync(of => of.Key, cancellation);
        var jobs = await catalog.Jobs.Where(job => ids.Contains(job.AtlasId)).GroupBy(job => new { job.AtlasId, job.State })
            .Select(of => new { of.Key.AtlasId, of.Key.State, Count = of.Count() }).ToListAsync(cancellation);
        return [.. atlases.Select(atlas =>
        {
            int Jobs(params JobState[] states) =>
                jobs.Where(job => job.AtlasId == atlas.Id && (states.Length == 0 || states.Contains(job.State))).Sum(job => job.Count);
            var of = layers.GetValueOrDefault(atlas.Id);
            return new AtlasSummary(
                atlas, of?.Count ?? 0, of?.Neurons ?? 0, LoadedAtlas.ParseSpec(atlas).Images.Count, Jobs(), Jobs(JobState.Completed),
                Jobs(JobState.Failed, JobState.Blocked));
        })];
    }
}
