using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Releases waiting jobs when their dependencies are finished, and closes the atlas after the last job.</summary>
internal static class StageAdvance
{
    private const string BlockedError = "a job that this one needs has failed";

    /// <summary>Advances an atlas.</summary>
    /// <remarks>Call this inside the transaction of the change that may have released jobs, after that change is saved.</remarks>
    /// <returns>Whether the atlas has just finished.</returns>
    public static async Task<bool> AdvanceAsync(CatalogContext catalog, Atlas atlas, DateTime now, CancellationToken cancellation)
    {
        var jobs = catalog.Jobs.Where(job => job.AtlasId == atlas.Id);
        var groups = await GroupsAsync(jobs, cancellation);
        var spec = atlas.ReadSpec();
        foreach (var step in JobStages.Next(spec, groups))
        {
            var (kind, layer) = step.Group;
            var waiting = jobs.Where(job => job.Kind == kind && job.LayerIndex == layer && job.State == JobState.Waiting);
            if (step.Blocked)
                await waiting.ExecuteUpdateAsync(
                    job => job.SetProperty(j => j.State, JobState.Blocked).SetProperty(j => j.Error, BlockedError), cancellation);
            else
                await waiting.ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Pending), cancellation);
        }

        if (await Open(jobs).AnyAsync(cancellation))
            return false;
        await CloseAsync(catalog, atlas, jobs, now, cancellation);
        return true;
    }

    /// <summary>Filters the unfinished jobs. The states are listed one by one so that the query uses an index.</summary>
    public static IQueryable<Job> Open(IQueryable<Job> jobs) => jobs.Where(
        job => job.State == JobState.Waiting || job.State == JobState.Pending
            || job.State == JobState.Sent || job.State == JobState.Running);

    private static async Task<Dictionary<JobGroup, GroupState>> GroupsAsync(IQueryable<Job> jobs, CancellationToken cancellation)
    {
        var counts = await jobs
            .GroupBy(job => new { job.Kind, job.LayerIndex, job.State })
            .Select(same => new { same.Key.Kind, same.Key.LayerIndex, same.Key.State, Count = same.Count() })
            .ToListAsync(cancellation);
        return counts.GroupBy(count => new JobGroup(count.Kind, count.LayerIndex)).ToDictionary(group => group.Key, group =>
        {
            int In(params JobState[] states) => group.Where(count => states.Contains(count.State)).Sum(count => count.Count);
            return new GroupState(
                group.Sum(count => count.Count),
                In(JobState.Waiting),
                In(JobState.Pending, JobState.Sent, JobState.Running),
                In(JobState.Failed, JobState.Blocked, JobState.Cancelled));
        });
    }

    private static async Task CloseAsync(
        CatalogContext catalog, Atlas atlas, IQueryable<Job> jobs, DateTime now, CancellationToken cancellation)
    {
        var lost = await jobs.AnyAsync(job => job.State != JobState.Completed, cancellation);
        var seconds = await jobs.GroupBy(job => job.Kind)
            .Select(same => new { Kind = same.Key, Seconds = same.Sum(job => job.ElapsedSeconds ?? 0) })
            .ToListAsync(cancellation);
        atlas.State = lost ? AtlasState.CompletedWithFailures : AtlasState.Completed;
        atlas.FinishedAt = now;
        atlas.SecondsByKind = Encoding.UTF8.GetString(VizJson.Write(
            seconds.OrderBy(cost => cost.Kind).ToDictionary(cost => cost.Kind, cost => cost.Seconds)));
        await catalog.SaveChangesAsync(cancellation);
    }
}
