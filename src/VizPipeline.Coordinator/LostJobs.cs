using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Finds jobs that were sent and will not be answered, and lets them be sent again.</summary>
internal sealed class LostJobs(
    CatalogDatabase database, IOptions<CoordinatorOptions> options, TimeProvider time, ILogger<LostJobs> logger)
{
    // A job may well take some times as long as another one of its kind: layers differ, and so do machines.
    private const int TimesTheLongest = 10;
    private static readonly TimeSpan ShortestOverdue = TimeSpan.FromMinutes(10);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Requeues the jobs that no worker can still have.</summary>
    /// <remarks>
    /// Those that the broker never confirmed and those without an answer for very long, or all if the broker has lost its queues. The
    /// in-memory bus loses them with its process.
    /// </remarks>
    /// <param name="isForgotten">Whether the broker has lost its queues.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    public async Task<int> RequeueAsync(bool isForgotten, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var longAgo = Now - options.Value.ResendAfter;
        var jobs = catalog.Jobs.Where(job => job.State == JobState.Sent || job.State == JobState.Running);
        if (!isForgotten)
            jobs = jobs.Where(job => (job.State == JobState.Sent && !job.Published) || job.SentAt < longAgo);
        var count = await jobs.ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Pending), cancellation);
        await transaction.CommitAsync(cancellation);
        if (count > 0)
            logger.JobsRequeued(count);
        return count;
    }

    /// <summary>
    /// Requeues jobs whose command or answer was lost without anybody noticing, such as in a receiver that a restart of the broker left
    /// dead: a worker that serves the kind stayed idle while the command waited, or the job's own worker stayed idle and has not answered.
    /// </summary>
    /// <remarks>
    /// A worker counts as idle if it was so at the previous call and has done nothing since. A job that is requeued in vain runs twice, to
    /// no harm.
    /// </remarks>
    /// <param name="idleBefore">The idle workers at the previous call, and the number of jobs that each had done.</param>
    /// <param name="since">When the previous call was, UTC.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <returns>The idle workers now.</returns>
    public async Task<IReadOnlyDictionary<string, long>> RequeueStalledAsync(
        IReadOnlyDictionary<string, long> idleBefore, DateTime since, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var alive = Now - UnservedJobsQueries.WorkerSilence;
        var idle = await catalog.Workers.AsNoTracking().Where(worker => worker.LastSeenAt > alive && worker.State == WorkerState.Idle)
            .ToListAsync(cancellation);
        var stayed = idle.Where(worker => idleBefore.TryGetValue(worker.Name, out var done) && done == worker.JobsDone).ToList();
        if (stayed.Count > 0)
        {
            var served = stayed.SelectMany(worker => worker.Kinds.Split(',')).ToHashSet();
            var (names, kinds) = (stayed.Select(worker => worker.Name).ToList(),
                JobKinds.All.Where(kind => served.Contains(kind.Name)).Select(kind => kind.Kind).ToList());
            await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
            var stalled = await catalog.Jobs.AsTracking()
                .Where(job => (job.State == JobState.Sent && job.Published && job.SentAt < since && kinds.Contains(job.Kind))
                    || (job.State == JobState.Running && job.SentAt < since && names.Contains(job.Worker!)))
                .ToListAsync(cancellation);
            foreach (var job in stalled)
            {
                logger.JobStalled(job.Kind, job.JobId, job.State, names[0]);
                job.State = JobState.Pending;
            }
            await catalog.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        return idle.ToDictionary(worker => worker.Name, worker => worker.JobsDone);
    }

    /// <summary>
    /// Requeues jobs that have run ten times as long as the longest one of their kind in the atlas, and at least ten minutes, if another
    /// worker can do them: their worker hangs, for example in a file system that is away.
    /// </summary>
    /// <returns>The number of these jobs.</returns>
    public async Task<int> RequeueOverdueAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var longAgo = Now - ShortestOverdue;
        // Without a lock first: there are hardly ever any.
        if (!await catalog.Jobs.AnyAsync(job => job.State == JobState.Running && job.StartedAt < longAgo, cancellation))
            return 0;
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var jobs = await catalog.Jobs.AsTracking().Where(job => job.State == JobState.Running && job.StartedAt < longAgo)
            .ToListAsync(cancellation);
        var count = 0;
        foreach (var job in jobs)
        {
            var longest = await catalog.Jobs
                .Where(done => done.AtlasId == job.AtlasId && done.Kind == job.Kind)
                // Also those that a growing atlas does again, the first of which may have nothing to do.
                .MaxAsync(done => done.ElapsedSeconds, cancellation);
            // The worker's clock may be behind.
            var running = Now - (job.SentAt > job.StartedAt ? job.SentAt.Value : job.StartedAt!.Value);
            // Twice as long with every attempt: the job may be one that takes so long.
            var limit = TimesTheLongest * longest * Math.Pow(2, Math.Clamp(job.Attempt - 1, 0, 10));
            if (longest is null || running < ShortestOverdue || running.TotalSeconds < limit
                || !await catalog.IsServedByAnotherAsync(job.Kind, job.Worker ?? "", Now, cancellation))
                continue;
            logger.JobOverdue(job.Kind, job.JobId, running.TotalMinutes, job.Worker ?? "unknown", longest.Value);
            job.State = JobState.Pending;
            count++;
        }
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return count;
    }
}
