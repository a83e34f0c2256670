using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Jobs of one kind that are ready while no live worker serves the kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Jobs">Number of waiting jobs.</param>
public sealed record UnservedJobs(JobKind Kind, int Jobs)
{
    /// <summary>Describes the problem as a sentence without the final full stop.</summary>
    public string Explain() => $"no worker serves {Kind.Name()} ({Jobs:N0} {(Jobs == 1 ? "job waits" : "jobs wait")})";
}

/// <summary>
/// Finds the kinds of jobs that wait for a missing worker. Only for catalogs to which workers report: those of a cluster.
/// </summary>
public static class UnservedJobsQueries
{
    /// <summary>How long a worker may be silent before it is considered lost.</summary>
    public static TimeSpan WorkerSilence { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the names of the queues that live workers serve, including <c>live</c>, as written in <c>Worker:Kinds</c>.</summary>
    public static async Task<IReadOnlySet<string>> ServedQueuesAsync(
        this CatalogContext context, DateTime now, CancellationToken cancellation = default)
    {
        var alive = now - WorkerSilence;
        var lists = await context.Workers.Where(worker => worker.LastSeenAt > alive && worker.State != WorkerState.Stopping)
            .Select(worker => worker.Kinds).Distinct().ToListAsync(cancellation);
        return lists.SelectMany(list => list.Split(',')).ToHashSet();
    }

    /// <summary>Tells whether a live worker other than this one serves the kind.</summary>
    public static async Task<bool> IsServedByAnotherAsync(
        this CatalogContext context, JobKind kind, string worker, DateTime now, CancellationToken cancellation = default)
    {
        var alive = now - WorkerSilence;
        var lists = await context.Workers
            .Where(other => other.Name != worker && other.LastSeenAt > alive && other.State != WorkerState.Stopping)
            .Select(other => other.Kinds).Distinct().ToListAsync(cancellation);
        return lists.Any(list => list.Split(',').Contains(kind.Name()));
    }

    /// <summary>Gets the kinds that live workers serve. A stopping worker takes no more jobs and therefore serves none.</summary>
    public static async Task<IReadOnlySet<JobKind>> ServedKindsAsync(
        this CatalogContext context, DateTime now, CancellationToken cancellation = default)
    {
        var names = await context.ServedQueuesAsync(now, cancellation);
        return JobKinds.All.Where(row => names.Contains(row.Name)).Select(row => row.Kind).ToHashSet();
    }

    /// <summary>Gets the unserved jobs of each running atlas, keyed by its number in the catalog.</summary>
    /// <param name="context">The catalog.</param>
    /// <param name="now">The current time, UTC.</param>
    /// <param name="atlasId">Only this atlas; null for all.</param>
    /// <param name="cancellation">Cancels the query.</param>
    public static async Task<ILookup<int, UnservedJobs>> UnservedJobsAsync(
        this CatalogContext context, DateTime now, int? atlasId = null, CancellationToken cancellation = default)
    {
        var alive = now - WorkerSilence;
        var served = await context.ServedKindsAsync(now, cancellation);
        var unserved = JobKinds.All.Select(row => row.Kind).Where(kind => !served.Contains(kind)).ToList();
        if (unserved.Count == 0)
            return Enumerable.Empty<int>().ToLookup(id => id, _ => default(UnservedJobs)!);
        var running = context.Atlases.Where(atlas => atlas.State == AtlasState.Running && (atlasId == null || atlas.Id == atlasId))
            .Select(atlas => atlas.Id);
        var jobs = await context.Jobs
            .Where(job => running.Contains(job.AtlasId) && unserved.Contains(job.Kind)
                && (job.State == JobState.Pending || job.State == JobState.Sent
                // The worker is lost, so the broker has requeued its job.
                || (job.State == JobState.Running
                    && !context.Workers.Any(worker => worker.Name == job.Worker && worker.LastSeenAt > alive))))
            .GroupBy(job => new { job.AtlasId, job.Kind })
            .Select(of => new { of.Key.AtlasId, of.Key.Kind, Count = of.Count() })
            .ToListAsync(cancellation);
        return jobs.OrderBy(of => of.Kind).ToLookup(of => of.AtlasId, of => new UnservedJobs(of.Kind, of.Count));
    }
}
