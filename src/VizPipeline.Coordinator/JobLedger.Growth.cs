using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <content>How the jobs of an atlas change when it grows.</content>
internal sealed partial class JobLedger
{
    /// <summary>Adds the jobs with which an atlas grows, and lets those run again that show or contain what is new.</summary>
    /// <param name="atlasId">The atlas's number in the catalog.</param>
    /// <param name="stored">Its spec.</param>
    /// <param name="joined">The spec that it shall have.</param>
    /// <param name="images">The list of all images of that spec.</param>
    /// <param name="lost">The keys of results that are needed again and gone.</param>
    /// <param name="priorityStep">The priorities of jobs between two atlases' priorities.</param>
    /// <param name="cancellation">Cancels the growth; then nothing has changed.</param>
    /// <returns>The number of new jobs.</returns>
    public async Task<int> GrowAsync(
        int atlasId, AtlasSpec stored, AtlasSpec joined, ImageList images, IReadOnlySet<string> lost, int priorityStep,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var atlas = await catalog.Atlases.AsTracking().SingleAsync(atlas => atlas.Id == atlasId, cancellation);
        var last = await catalog.Jobs.Where(job => job.AtlasId == atlasId).MaxAsync(job => job.JobId, cancellation);
        var growth = AtlasGrowth.Plan(stored, joined, last);
        await RedoAsync(catalog, atlasId, joined, growth, lost, cancellation);
        var known = stored.Layers.Select(layer => layer.Index).ToHashSet();
        await AtlasCreation.AddLayersAsync(
            catalog, atlasId, joined, joined.Layers.Where(layer => !known.Contains(layer.Index)), cancellation);
        // What was measured on a patch is not true of another one in its place; jobs that leave their pictures repeat it.
        if (growth.Renewed.Count > 0)
            await catalog.Patches.Where(patch => catalog.Layers.Any(layer => layer.Id == patch.LayerId && layer.AtlasId == atlasId))
                .ExecuteUpdateAsync(
                    set => set.SetProperty(patch => patch.Recomputed, (float?)null).SetProperty(patch => patch.Mismatch, (bool?)null)
                        .SetProperty(patch => patch.CropX0, (int?)null).SetProperty(patch => patch.CropY0, (int?)null)
                        .SetProperty(patch => patch.CropX1, (int?)null).SetProperty(patch => patch.CropY1, (int?)null),
                    cancellation);
        if (joined.NeedsScan())
        {
            var (before, classes) = stored.NeedsScan() ? (stored.Images.Count, stored.Images.Classes.Count) : (0, 0);
            await AtlasCreation.AddImagesAsync(catalog, atlasId, joined, images, before, classes, cancellation);
        }
        await AtlasCreation.AddJobsAsync(
            catalog, atlasId, growth.Added.Select(job => job with { Priority = job.Priority - (priorityStep * atlas.Priority) }),
            cancellation);
        (atlas.Spec, atlas.SpecHash) = (Encoding.UTF8.GetString(VizJson.Write(joined)), joined.Hash());
        Reopen(atlas);
        await catalog.SaveChangesAsync(cancellation);
        await StageAdvance.AdvanceAsync(catalog, atlas, Now, cancellation);
        await transaction.CommitAsync(cancellation);
        return growth.Added.Count;
    }

    private async Task RedoAsync(
        CatalogContext catalog, int atlasId, AtlasSpec joined, GrowthPlan growth, IReadOnlySet<string> lost,
        CancellationToken cancellation)
    {
        var kinds = growth.Redone.Select(group => group.Kind)
            .Concat(growth.Renewed.Values.Select(command => JobKinds.Get(command).Kind))
            .Concat(lost.Count > 0 ? [JobKind.Scan, JobKind.Gather] : []).Distinct().ToList();
        foreach (var kind in kinds)
        {
            foreach (var job in await catalog.Jobs.AsTracking().Where(job => job.AtlasId == atlasId && job.Kind == kind)
                .ToListAsync(cancellation))
            {
                var key = JobKinds.Get(kind).GetResultKeyOf(joined, new JobMessage(kind, job.Payload, job.Attempt).ReadCommand());
                var isRedone = lost.Contains(key) || growth.Redone.Contains(new JobGroup(kind, job.LayerIndex));
                var renewed = growth.Renewed.GetValueOrDefault(key);
                if (renewed is not null)
                    job.Payload = JobMessage.Create(renewed with { JobId = job.JobId }).Payload;
                if (isRedone)
                    await RedoAsync(job, cancellation);
                else if (renewed is not null)
                    Reset(job);
            }
        }
    }
}
