using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Every change of a job's state, each in one transaction together with what follows from it.</summary>
internal sealed class JobLedger(
    CatalogDatabase database,
    IOptions<CoordinatorOptions> options,
    IHostApplicationLifetime lifetime,
    CoordinatorMetrics metrics,
    TimeProvider time,
    ILogger<JobLedger> logger)
{
    /// <summary>A worker that has not been heard of for so long is taken for gone.</summary>
    internal static readonly TimeSpan WorkerSilence = TimeSpan.FromSeconds(30);

    private const int LongestError = 1000;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Marks the next jobs as sent, as many as the windows allow, and returns their commands in the order of sending.</summary>
    public async Task<IReadOnlyList<IJobCommand>> TakeAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var outstanding = await catalog.Jobs
            .Where(job => job.State == JobState.Sent || job.State == JobState.Running)
            .GroupBy(job => job.Kind)
            .Select(jobs => new { Kind = jobs.Key, Count = jobs.Count() })
            .ToDictionaryAsync(jobs => jobs.Kind, jobs => jobs.Count, cancellation);
        var (most, mostOfKind) = await WindowAsync(catalog, cancellation);
        var room = most - outstanding.Values.Sum();
        var chosen = new List<Job>();
        foreach (var kind in room > 0 ? Enum.GetValues<JobKind>() : [])
        {
            var roomOfKind = Math.Min(room, mostOfKind - outstanding.GetValueOrDefault(kind));
            if (roomOfKind > 0)
                chosen.AddRange(await Ready(catalog, Now).Where(job => job.Kind == kind)
                    .OrderBy(job => job.Priority).ThenBy(job => job.AtlasId).ThenBy(job => job.JobId)
                    .Take(roomOfKind).AsTracking().ToListAsync(cancellation));
        }

        var commands = new List<IJobCommand>();
        foreach (var job in chosen.OrderBy(job => job.Priority).ThenBy(job => job.AtlasId).ThenBy(job => job.JobId).Take(room))
        {
            job.State = JobState.Sent;
            job.Attempt++;
            job.SentAt = Now;
            job.NotBefore = null;
            job.Worker = null;
            job.Published = false;
            var command = JobPayload.Read(job.Kind, job.Payload, job.Attempt);
            commands.Add(command);
            logger.JobSent(job.Kind, job.JobId, command.AtlasId, job.Attempt);
        }
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return commands;
    }

    /// <summary>Marks commands whose sending the broker has confirmed: from now on it is the broker that must not lose them.</summary>
    public async Task ConfirmAsync(IReadOnlyList<IJobCommand> commands, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        foreach (var atlas in commands.GroupBy(command => command.AtlasId))
        {
            var ids = atlas.Select(command => command.JobId).ToList();
            await catalog.Jobs
                .Where(job => ids.Contains(job.JobId) && catalog.Atlases.Any(a => a.Id == job.AtlasId && a.Slug == atlas.Key))
                .ExecuteUpdateAsync(job => job.SetProperty(j => j.Published, true), cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Sets back the jobs that nobody may have any more.</summary>
    /// <remarks>
    /// In one process: all that are out, as the bus died with the process that sent them. On a shared bus: those whose sending was never
    /// confirmed, and those without an answer for very long.
    /// </remarks>
    public async Task<int> RequeueAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var longAgo = Now - options.Value.ResendAfter;
        var jobs = catalog.Jobs.Where(job => job.State == JobState.Sent || job.State == JobState.Running);
        if (options.Value.SharedBus)
            jobs = jobs.Where(job => (job.State == JobState.Sent && !job.Published) || job.SentAt < longAgo);
        var count = await jobs.ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Pending), cancellation);
        await transaction.CommitAsync(cancellation);
        if (count > 0)
            logger.JobsRequeued(count);
        return count;
    }

    /// <summary>A worker gives a job back: it is sent again, or given up where it has cost too many workers.</summary>
    public async Task<LedgerChange> TakeBackAsync(JobReturned returned, CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested && !options.Value.SharedBus)
            return LedgerChange.Ignored;
        return await ChangeAsync(returned.AtlasId, returned.JobId, returned.Attempt, (_, atlas, job) =>
        {
            // A command that was delivered twice before anyone began it has only seen a connection break.
            var isLoss = returned.Reason == ReturnReason.Redelivered && job.State == JobState.Running;
            job.Losses += isLoss ? 1 : 0;
            if (isLoss)
                logger.JobLost(job.JobId, atlas.Slug, job.Worker ?? "unknown", job.Losses, options.Value.MaxLosses);
            if (job.Losses < options.Value.MaxLosses)
            {
                // A worker that stops gives jobs back in good order.
                if (returned.Reason == ReturnReason.Redelivered)
                    metrics.Retried(job.Kind);
                job.State = JobState.Pending;
                return Task.FromResult(false);
            }
            job.State = JobState.Failed;
            job.FinishedAt = Now;
            job.Error = $"the worker process died, or lost its connection, {job.Losses} times in the middle of this job (last: {job.Worker})";
            logger.JobGivenUp(job.JobId, atlas.Slug, job.Losses, job.Error);
            metrics.Failed(job.Kind);
            return Task.FromResult(true);
        }, cancellation);
    }

    /// <summary>Ends an atlas: jobs that are not finished are not done any more.</summary>
    /// <returns>How many those were.</returns>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    public async Task<int> CancelAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var atlas = await catalog.Atlases.AsTracking().SingleOrDefaultAsync(atlas => atlas.Slug == atlasId, cancellation)
            ?? throw new AtlasNotFoundException(database.Place, atlasId);
        if (atlas.State != AtlasState.Running)
            return 0;
        var count = await StageAdvance.Open(catalog.Jobs.Where(job => job.AtlasId == atlas.Id))
            .ExecuteUpdateAsync(job => job.SetProperty(j => j.State, JobState.Cancelled), cancellation);
        atlas.State = AtlasState.Cancelled;
        (atlas.CancelledAt, atlas.FinishedAt) = (Now, Now);
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        logger.AtlasFinished(atlasId, atlas.State.ToString());
        return count;
    }

    /// <summary>Notes what a worker tells of itself.</summary>
    public async Task ReportAsync(WorkerReported report, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var worker = await catalog.Workers.AsTracking().SingleOrDefaultAsync(worker => worker.Name == report.Worker, cancellation);
        if (worker is null)
            catalog.Workers.Add(worker = new WorkerNode { Name = report.Worker, Host = "", Device = "", SoftwareVersion = "", Kinds = "" });
        (worker.Host, worker.ProcessId, worker.Device, worker.SoftwareVersion) = (report.Host, report.ProcessId, report.Device, report.Version);
        (worker.Kinds, worker.State) = (string.Join(',', report.Kinds), report.State);
        (worker.AtlasSlug, worker.JobId, worker.JobsDone) = (report.AtlasId, report.JobId, report.JobsDone);
        (worker.MemoryBytes, worker.StartedAt, worker.LastSeenAt) = (report.MemoryBytes, report.Started.UtcDateTime, Now);
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Takes back the mark of commands that could not be sent after all.</summary>
    public async Task ReturnAsync(IEnumerable<IJobCommand> commands)
    {
        foreach (var command in commands)
            await ChangeAsync(command.AtlasId, command.JobId, command.Attempt, (_, _, job) =>
            {
                job.State = JobState.Pending;
                return Task.FromResult(false);
            }, CancellationToken.None);
    }

    /// <summary>When the next job that waits for its retry is due; null when there is none.</summary>
    public async Task<TimeSpan?> NextDueAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var due = await catalog.Jobs
            .Where(job => job.State == JobState.Pending && job.NotBefore != null)
            .MinAsync(job => job.NotBefore, cancellation);
        return due - Now;
    }

    /// <summary>Whether the answer is to the latest sending of a job that has no answer yet.</summary>
    public async Task<bool> IsCurrentAsync(string atlasId, long jobId, int attempt, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlas = await catalog.FindAtlasAsync(atlasId, cancellation);
        return atlas is not null && await FindCurrentAsync(catalog, atlas, jobId, attempt, cancellation) is not null;
    }

    /// <summary>A worker has begun the job.</summary>
    public Task<LedgerChange> StartAsync(JobStarted started, CancellationToken cancellation)
        => ChangeAsync(started.AtlasId, started.JobId, started.Attempt, (_, _, job) =>
        {
            job.State = JobState.Running;
            job.StartedAt = started.Started.UtcDateTime;
            job.Worker = started.Worker;
            return Task.FromResult(false);
        }, cancellation);

    /// <summary>Takes the job's result into the catalog and marks the job.</summary>
    /// <exception cref="CorruptTableException">The table is not this job's result; nothing has changed.</exception>
    public Task<LedgerChange> CompleteAsync(JobCompleted completed, ReadOnlyMemory<byte> table, CancellationToken cancellation)
        => ChangeAsync(completed.AtlasId, completed.JobId, completed.Attempt, async (catalog, atlas, job) =>
        {
            await ResultIngest.IngestAsync(catalog, job, table, cancellation);
            job.State = JobState.Completed;
            job.StartedAt = completed.Started.UtcDateTime;
            job.FinishedAt = Now;
            job.ElapsedSeconds = completed.ElapsedSeconds;
            job.Phases = Encoding.UTF8.GetString(CanonicalJson.Bytes(completed.Phases));
            job.Worker = completed.Worker;
            job.ResultKey = completed.ResultKey;
            await catalog.SaveChangesAsync(cancellation);
            logger.JobDone(job.Kind, job.JobId, atlas.Slug, completed.Worker, completed.ElapsedSeconds);

            // Only the last job of its group can release others.
            return !await StageAdvance.Open(catalog.Jobs.Where(
                other => other.AtlasId == job.AtlasId && other.Kind == job.Kind && other.LayerIndex == job.LayerIndex)).AnyAsync(cancellation);
        }, cancellation);

    /// <summary>Counts a failure: the job is tried again, or given up.</summary>
    /// <remarks>What fails while this process stops was cut off by the stop. It stays sent and is sent again by the next process.</remarks>
    public async Task<LedgerChange> FailAsync(JobFailed failed, CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested && !options.Value.SharedBus)
            return LedgerChange.Ignored;
        return await ChangeAsync(failed.AtlasId, failed.JobId, failed.Attempt, (_, atlas, job) =>
        {
            job.Failures++;
            metrics.Failed(job.Kind);
            job.Worker = failed.Worker;
            job.Error = OneLine(failed.Error);
            if (job.Failures < options.Value.MaxFailures)
            {
                job.State = JobState.Pending;
                job.NotBefore = failed.Transient ? Now + Delay(job.Failures) : null;
                metrics.Retried(job.Kind);
                logger.JobToRetry(job.JobId, atlas.Slug, failed.Worker, job.Failures, options.Value.MaxFailures, job.Error);
                return Task.FromResult(false);
            }
            job.State = JobState.Failed;
            job.FinishedAt = Now;
            logger.JobGivenUp(job.JobId, atlas.Slug, job.Failures, job.Error);
            return Task.FromResult(true);
        }, cancellation);
    }

    /// <summary>Sets failed and blocked jobs back to the beginning, and the sheets above them, which lack their results.</summary>
    /// <returns>How many jobs had failed or were blocked.</returns>
    public async Task<int> RetryAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var atlas = await catalog.Atlases.AsTracking().SingleOrDefaultAsync(atlas => atlas.Slug == atlasId, cancellation)
            ?? throw new AtlasNotFoundException(database.Place, atlasId);
        var lost = await catalog.Jobs.AsTracking()
            .Where(job => job.AtlasId == atlas.Id && (job.State == JobState.Failed || job.State == JobState.Blocked || job.State == JobState.Cancelled))
            .ToListAsync(cancellation);
        if (lost.Count == 0)
            return 0;
        var layers = lost.Select(job => job.LayerIndex).Distinct().ToList();
        var sheets = await catalog.Jobs.AsTracking()
            .Where(job => job.AtlasId == atlas.Id && job.Kind == JobKind.Sheet && layers.Contains(job.LayerIndex))
            .ToListAsync(cancellation);
        foreach (var job in lost.Union(sheets))
        {
            job.State = JobState.Waiting;
            (job.Failures, job.Losses) = (0, 0);
            job.NotBefore = null;
            job.FinishedAt = null;
        }
        atlas.State = AtlasState.Running;
        (atlas.FinishedAt, atlas.CancelledAt) = (null, null);
        atlas.SecondsByKind = null;
        await catalog.SaveChangesAsync(cancellation);
        await StageAdvance.AdvanceAsync(catalog, atlas, Now, cancellation);
        await transaction.CommitAsync(cancellation);
        logger.JobsRetried(lost.Count, atlasId);
        return lost.Count;
    }

    // Several coordinators may write. One after the other, each sees the last change of its predecessor: two last jobs of a group that are
    // completed at once would else both find the other one open, and nobody would release the next group.
    private async Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        await database.SerializeAsync(catalog, cancellation);
        return transaction;
    }

    // On a cluster each worker has one job and finds the next one ready.
    private async Task<(int Most, int MostOfKind)> WindowAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        if (!options.Value.SharedBus)
            return (options.Value.Outstanding, options.Value.OutstandingPerKind);
        var alive = Now - WorkerSilence;
        var workers = await catalog.Workers.CountAsync(worker => worker.LastSeenAt > alive, cancellation);
        return (int.MaxValue, Math.Max(options.Value.OutstandingPerKind, 2 * workers));
    }

    private static IQueryable<Job> Ready(CatalogContext catalog, DateTime now)
        => catalog.Jobs.Where(job => job.State == JobState.Pending && (job.NotBefore == null || job.NotBefore <= now));

    // A queue may deliver an answer twice, and a job that was sent again may be answered by both its workers. Only an answer to the latest
    // sending finds the job; for all others nothing happens.
    private async Task<LedgerChange> ChangeAsync(
        string atlasId, long jobId, int attempt, Func<CatalogContext, Atlas, Job, Task<bool>> change, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await BeginAsync(catalog, cancellation);
        var atlas = await catalog.Atlases.AsTracking().SingleOrDefaultAsync(atlas => atlas.Slug == atlasId, cancellation);
        var job = atlas is null ? null : await FindCurrentAsync(catalog, atlas, jobId, attempt, cancellation);
        if (job is null)
        {
            logger.AnswerIgnored(attempt, jobId, atlasId);
            return LedgerChange.Ignored;
        }
        var mayReleaseOthers = await change(catalog, atlas!, job);
        await catalog.SaveChangesAsync(cancellation);
        var finished = mayReleaseOthers && await StageAdvance.AdvanceAsync(catalog, atlas!, Now, cancellation);
        await transaction.CommitAsync(cancellation);
        if (finished)
            logger.AtlasFinished(atlasId, atlas!.State.ToString());
        return finished ? LedgerChange.AtlasFinished : LedgerChange.Done;
    }

    private static Task<Job?> FindCurrentAsync(
        CatalogContext catalog, Atlas atlas, long jobId, int attempt, CancellationToken cancellation)
        => catalog.Jobs.AsTracking().SingleOrDefaultAsync(
            job => job.AtlasId == atlas.Id && job.JobId == jobId && job.Attempt == attempt
                && (job.State == JobState.Sent || job.State == JobState.Running),
            cancellation);

    private TimeSpan Delay(int failures)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        return delay < options.Value.LongestRetryDelay ? delay : options.Value.LongestRetryDelay;
    }

    private static string OneLine(string error)
    {
        var line = string.Join(' ', error.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= LongestError ? line : line[..LongestError] + "...";
    }
}

/// <summary>What an answer of a worker changed.</summary>
internal enum LedgerChange
{
    /// <summary>Nothing: it was a duplicate or an answer to an older sending.</summary>
    Ignored,

    /// <summary>The job; others may be ready now.</summary>
    Done,

    /// <summary>The job, and it was the atlas's last.</summary>
    AtlasFinished,
}
