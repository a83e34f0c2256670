using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Changes the state of jobs, each change in one transaction together with its consequences.</summary>
internal sealed partial class JobLedger(
    CatalogDatabase database,
    IObjectStore store,
    IOptions<CoordinatorOptions> options,
    CoordinatorMetrics metrics,
    TimeProvider time,
    ILogger<JobLedger> logger)
{
    // Attempts of a job up to which a worker's repeated failures count as one.
    private const int MostForgiven = 30;

    private const int LongestError = 1000;
    private const int LargestWindow = 10_000;

    private readonly CompletionRate _completions = new(time);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Marks the next jobs as sent, within the windows, and returns their commands in sending order.</summary>
    public async Task<IReadOnlyList<JobCommand>> TakeAsync(CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var outstanding = await catalog.Jobs
            .Where(job => job.State == JobState.Sent || job.State == JobState.Running)
            .GroupBy(job => job.Kind)
            .Select(jobs => new { Kind = jobs.Key, Count = jobs.Count() })
            .ToDictionaryAsync(jobs => jobs.Kind, jobs => jobs.Count, cancellation);
        var (most, mostOfKind) = await WindowAsync(catalog, cancellation);
        var room = most - outstanding.Values.Sum();
        var chosen = new List<Job>();
        foreach (var kind in room > 0 ? JobKinds.All.Select(row => row.Kind) : [])
        {
            var roomOfKind = Math.Min(room, mostOfKind - outstanding.GetValueOrDefault(kind));
            if (roomOfKind > 0)
                chosen.AddRange(await catalog.NextJobsAsync(kind, Now, roomOfKind, cancellation));
        }

        var commands = new List<JobCommand>();
        foreach (var job in chosen.OrderBy(job => job.Priority).ThenBy(job => job.AtlasId).ThenBy(job => job.JobId).Take(room))
        {
            job.State = JobState.Sent;
            job.Attempt++;
            job.SentAt = Now;
            job.NotBefore = null;
            job.Worker = null;
            job.Published = false;
            var command = new JobMessage(job.Kind, job.Payload, job.Attempt).ReadCommand();
            commands.Add(command);
            logger.JobSent(job.Kind, job.JobId, command.AtlasId, job.Attempt);
        }
        await catalog.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return commands;
    }

    /// <summary>Marks commands as stored by the broker, which is responsible for them from now on.</summary>
    public async Task ConfirmAsync(IReadOnlyList<JobCommand> commands, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        foreach (var atlas in commands.GroupBy(command => command.AtlasId))
        {
            // By the whole key, because no index starts with the job number.
            var atlasId = await catalog.Atlases.Where(row => row.Slug == atlas.Key).Select(row => row.Id).SingleAsync(cancellation);
            var ids = atlas.Select(command => command.JobId).ToList();
            await catalog.Jobs.Where(job => job.AtlasId == atlasId && ids.Contains(job.JobId))
                .ExecuteUpdateAsync(job => job.SetProperty(j => j.Published, true), cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Handles a job that a worker returns: sends it again, or gives it up if it has cost too many workers.</summary>
    public LedgerEntry TakenBack(JobReturned returned) => new(returned.AtlasId, returned.JobId, returned.Attempt, (turn, atlas, job) =>
    {
        // A redelivered command whose job had not started has only seen a broken connection.
        var isLoss = returned.Reason != ReturnReason.Stopping && job.State == JobState.Running;
        job.Losses += isLoss ? 1 : 0;
        if (isLoss)
            turn.AfterCommit(() => logger.JobLost(job.JobId, atlas.Slug, job.Worker ?? "unknown", job.Losses, options.Value.MaxLosses));
        if (job.Losses < options.Value.MaxLosses)
        {
            // A worker that is stopping returns its jobs as part of normal operation.
            if (returned.Reason != ReturnReason.Stopping)
                turn.AfterCommit(() => metrics.Retried(job.Kind));
            job.State = JobState.Pending;
            return Task.CompletedTask;
        }
        job.State = JobState.Failed;
        job.FinishedAt = Now;
        job.Error = returned.Error is { } error
            ? OneLine(
                $"the worker's device broke, or the worker died, {job.Losses} times in the middle of this job "
                + $"(last: {returned.Worker}, {error})")
            : $"the worker process died, or lost its connection, {job.Losses} times in the middle of this job (last: {job.Worker})";
        turn.Failed(job);
        turn.AfterCommit(() =>
        {
            logger.JobGivenUp(job.JobId, atlas.Slug, job.Losses, job.Error);
            metrics.Failed(job.Kind);
        });
        return Task.CompletedTask;
    });

    /// <summary>Cancels an atlas and its unfinished jobs.</summary>
    /// <returns>The number of cancelled jobs.</returns>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    public async Task<int> CancelAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
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

    /// <summary>Records that a worker has started the job.</summary>
    public static LedgerEntry Started(JobStarted started, Action<Job> afterCommit)
        => new(started.AtlasId, started.JobId, started.Attempt, (turn, _, job) =>
    {
        job.State = JobState.Running;
        job.StartedAt = started.Started.UtcDateTime;
        job.Worker = started.Worker;
        turn.AfterCommit(() => afterCommit(job));
        return Task.CompletedTask;
    })
        { IsBeginning = true };

    /// <summary>
    /// Stores the job's result in the catalog and completes the job. Fails with <see cref="CorruptTableException"/> if the table is not the
    /// result of this job.
    /// </summary>
    public LedgerEntry Completed(JobCompleted completed, ReadOnlyMemory<byte> table, Action<Job>? afterCommit = null)
        => new(completed.AtlasId, completed.JobId, completed.Attempt, async (turn, atlas, job) =>
    {
        await turn.Results.AddAsync(job, table, CancellationToken.None);
        job.State = JobState.Completed;
        job.StartedAt = completed.Started.UtcDateTime;
        job.FinishedAt = Now;
        job.ElapsedSeconds = completed.ElapsedSeconds;
        job.Phases = Encoding.UTF8.GetString(CanonicalJson.Bytes(completed.Phases));
        job.Worker = completed.Worker;
        job.ResultKey = completed.ResultKey;
        turn.Completed(job, completed);
        turn.AfterCommit(() => logger.JobDone(job.Kind, job.JobId, atlas.Slug, completed.Worker, completed.ElapsedSeconds));
        turn.AfterCommit(() => afterCommit?.Invoke(job));
    });

    /// <summary>Counts a failure; the job is retried or given up.</summary>
    /// <remarks>
    /// A worker whose disk is full is free more often than the others, so that it would use up all attempts of a job alone. Its failures
    /// in a row count as one while another worker can take the job; not forever, as that other worker may hang.
    /// </remarks>
    public LedgerEntry Failed(JobFailed failed) => new(failed.AtlasId, failed.JobId, failed.Attempt, async (turn, atlas, job) =>
    {
        var isRepeat = failed.Transient && job.FailedOn == failed.Worker && job.Attempt < MostForgiven
            && await turn.Catalog.IsServedByAnotherAsync(job.Kind, failed.Worker, Now);
        job.FailedOn = failed.Transient ? failed.Worker : null;
        if (!isRepeat)
            job.Failures++;
        job.Worker = failed.Worker;
        job.Error = OneLine(failed.Error);
        turn.AfterCommit(() => metrics.Failed(job.Kind));
        if (job.Failures < options.Value.MaxFailures)
        {
            job.State = JobState.Pending;
            job.NotBefore = failed.Transient ? Now + Delay(job.Failures) : null;
            turn.AfterCommit(() =>
            {
                metrics.Retried(job.Kind);
                logger.JobToRetry(job.JobId, atlas.Slug, failed.Worker, job.Failures, options.Value.MaxFailures, job.Error);
            });
            return;
        }
        job.State = JobState.Failed;
        job.FinishedAt = Now;
        turn.Failed(job);
        turn.AfterCommit(() => logger.JobGivenUp(job.JobId, atlas.Slug, job.Failures, job.Error));
    });

    /// <summary>Applies the entries in order, with their consequences, and the workers' reports in one transaction.</summary>
    /// <remarks>
    /// A queue may deliver an answer twice, and both workers may answer a job that was sent again. Only an answer to the latest attempt
    /// matches the job; all others are ignored.
    /// </remarks>
    /// <returns>The change made by each entry.</returns>
    /// <exception cref="CorruptTableException">A result does not belong to its job; nothing has changed.</exception>
    public async Task<IReadOnlyList<LedgerChange>> ApplyAsync(
        IReadOnlyList<LedgerEntry> entries, IReadOnlyList<WorkerReported> reports, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var atlases = await AtlasesAsync(catalog, entries, cancellation);
        var jobs = await JobsAsync(catalog, entries, atlases, cancellation);
        var turn = new LedgerTurn(catalog);
        var changes = new LedgerChange[entries.Count];
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            if (atlases.TryGetValue(entry.AtlasId, out var atlas) && jobs.TryGetValue((atlas.Id, entry.JobId), out var job)
                && job.Attempt == entry.Attempt && job.State is JobState.Sent or JobState.Running)
            {
                turn.Entry = entry;
                await entry.Change(turn, atlas, job);
                changes[i] = LedgerChange.Done;
            }
            else
                logger.AnswerIgnored(entry.Attempt, entry.JobId, entry.AtlasId);
        }
        await NoteAsync(catalog, reports, cancellation);
        await turn.Results.SaveAsync(cancellation);
        await catalog.SaveChangesAsync(cancellation);

        var finished = new HashSet<string>();
        foreach (var atlas in atlases.Values)
            if (await turn.MayReleaseOthersAsync(atlas, cancellation) && await StageAdvance.AdvanceAsync(catalog, atlas, Now, cancellation))
                finished.Add(atlas.Slug);
        await transaction.CommitAsync(cancellation);

        turn.Commit();
        if (turn.Ingested.Count > 0)
            metrics.Ingested(turn.Ingested);
        _completions.Add(turn.Ingested.Count);
        foreach (var atlas in finished)
            logger.AtlasFinished(atlas, atlases[atlas].State.ToString());
        return [.. changes.Select(
            (change, i) => change == LedgerChange.Done && finished.Contains(entries[i].AtlasId) ? LedgerChange.AtlasFinished : change)];
    }

    /// <summary>Resets failed, blocked and cancelled jobs and the sheets that lack their results.</summary>
    /// <returns>The number of reset jobs, not counting the sheets.</returns>
    public async Task<int> RetryAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await database.BeginSerializedAsync(catalog, cancellation);
        var atlas = await catalog.Atlases.AsTracking().SingleOrDefaultAsync(atlas => atlas.Slug == atlasId, cancellation)
            ?? throw new AtlasNotFoundException(database.Place, atlasId);
        var lost = await catalog.Jobs.AsTracking()
            .Where(job => job.AtlasId == atlas.Id
                && (job.State == JobState.Failed || job.State == JobState.Blocked || job.State == JobState.Cancelled))
            .ToListAsync(cancellation);
        if (lost.Count == 0)
            return 0;
        var layers = lost.Select(job => job.LayerIndex).Distinct().ToList();
        var summaries = await catalog.Jobs.AsTracking()
            .Where(job => job.AtlasId == atlas.Id && JobKinds.Summaries.Contains(job.Kind) && layers.Contains(job.LayerIndex))
            .ToListAsync(cancellation);
        foreach (var job in lost.Union(summaries))
            await RedoAsync(job, cancellation);
        Reopen(atlas);
        await catalog.SaveChangesAsync(cancellation);
        await StageAdvance.AdvanceAsync(catalog, atlas, Now, cancellation);
        await transaction.CommitAsync(cancellation);
        logger.JobsRetried(lost.Count, atlasId);
        return lost.Count;
    }

    // The result is deleted first: a worker that finds it takes the job for done.
    private async Task RedoAsync(Job job, CancellationToken cancellation)
    {
        if (job.ResultKey is { } result)
            await store.DeleteAsync(result, cancellation);
        Reset(job);
    }

    private static void Reset(Job job)
    {
        // The answer of a worker that is still at it belongs to an earlier attempt.
        if (job.State is JobState.Sent or JobState.Running)
            job.Attempt++;
        job.State = JobState.Waiting;
        (job.Failures, job.FailedOn, job.Losses) = (0, null, 0);
        job.NotBefore = null;
        job.FinishedAt = null;
    }

    private static void Reopen(Atlas atlas)
    {
        atlas.State = AtlasState.Running;
        (atlas.FinishedAt, atlas.CancelledAt) = (null, null);
        atlas.SecondsByKind = null;
    }

    // Each device runs one job and has the next one ready.
    private async Task<(int Most, int MostOfKind)> WindowAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        var devices = await DevicesAsync(catalog, cancellation);
        // Short jobs finish before more are sent, so the ready jobs must last for a second.
        var aSecond = (int)Math.Min(_completions.PerSecond, LargestWindow);
        return (options.Value.Outstanding, Math.Max(options.Value.OutstandingPerKind, Math.Max(2 * devices, aSecond)));
    }

    /// <summary>Counts the devices of workers that reported recently, which is the number of jobs that can run at the same time.</summary>
    public Task<int> DevicesAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        var alive = Now - UnservedJobsQueries.WorkerSilence;
        return catalog.Workers.Where(worker => worker.LastSeenAt > alive).SumAsync(worker => worker.Devices, cancellation);
    }

    private static async Task<Dictionary<string, Atlas>> AtlasesAsync(
        CatalogContext catalog, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellation)
    {
        var slugs = entries.Select(entry => entry.AtlasId).Distinct().ToList();
        return slugs.Count == 0 ? [] : await catalog.Atlases.AsTracking().Where(atlas => slugs.Contains(atlas.Slug))
            .ToDictionaryAsync(atlas => atlas.Slug, cancellation);
    }

    private static async Task<Dictionary<(int, long), Job>> JobsAsync(
        CatalogContext catalog, IReadOnlyList<LedgerEntry> entries, Dictionary<string, Atlas> atlases, CancellationToken cancellation)
    {
        var jobs = new Dictionary<(int, long), Job>();
        foreach (var atlas in atlases.Values)
        {
            var ids = entries.Where(entry => entry.AtlasId == atlas.Slug).Select(entry => entry.JobId).Distinct().ToList();
            await foreach (var job in catalog.Jobs.AsTracking().Where(job => job.AtlasId == atlas.Id && ids.Contains(job.JobId))
                .AsAsyncEnumerable().WithCancellation(cancellation))
                jobs.Add((job.AtlasId, job.JobId), job);
        }
        return jobs;
    }

    // If a worker sent several reports, the last one wins.
    private async Task NoteAsync(CatalogContext catalog, IReadOnlyList<WorkerReported> reports, CancellationToken cancellation)
    {
        if (reports.Count == 0)
            return;
        var names = reports.Select(report => report.Worker).Distinct().ToList();
        var workers = await catalog.Workers.AsTracking().Where(worker => names.Contains(worker.Name))
            .ToDictionaryAsync(worker => worker.Name, cancellation);
        foreach (var report in reports)
        {
            if (!workers.TryGetValue(report.Worker, out var worker))
            {
                workers[report.Worker] = worker = new WorkerNode
                {
                    Name = report.Worker,
                    Host = "",
                    Device = "",
                    SoftwareVersion = "",
                    Kinds = "",
                };
                catalog.Workers.Add(worker);
            }
            (worker.Host, worker.ProcessId, worker.Device, worker.SoftwareVersion) = (
                report.Host, report.ProcessId, report.Device, report.Version);
            (worker.Kinds, worker.State, worker.Devices) = (string.Join(',', report.Kinds), report.State, report.Devices);
            (worker.AtlasSlug, worker.JobId, worker.JobsDone) = (report.AtlasId, report.JobId, report.JobsDone);
            (worker.MemoryBytes, worker.StartedAt, worker.LastSeenAt) = (report.MemoryBytes, report.Started.UtcDateTime, Now);
        }
    }

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
