using System.Collections.Concurrent;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Reports the progress of atlases and when they finish.</summary>
public sealed class AtlasMonitor
{
    private readonly CatalogDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger<AtlasMonitor> _logger;
    private readonly CoordinatorOptions _options;
    private readonly ConcurrentDictionary<(string Atlas, long Job), LiveJob> _live = new();
    private readonly ConcurrentDictionary<string, WorkPace> _paces = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CoordinatorStoppedException? _stopped;

    /// <summary>
    /// Creates a monitor of the atlases in a catalog. Progress within jobs is visible only in the coordinator's own process.
    /// </summary>
    public AtlasMonitor(
        CatalogDatabase database, IOptions<CoordinatorOptions> options, TimeProvider time, ILogger<AtlasMonitor> logger)
    {
        this._options = options.Value;
        this._database = database;
        this._time = time;
        this._logger = logger;
    }

    /// <summary>Completes when the atlas has no more jobs to run; at once if it has none already.</summary>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    /// <exception cref="CoordinatorStoppedException">The coordinator cannot continue.</exception>
    public async Task<AtlasResult> WhenFinishedAsync(string atlasId, CancellationToken cancellation = default)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_stopped is not null)
                    throw _stopped;
                next = _changed.Task;
            }
            // Taken before the query, so that an atlas that ends in between is not missed.
            if (await OutcomeAsync(atlasId, cancellation) is { } outcome)
                return outcome;
            await next.WaitAsync(cancellation);
        }
    }

    /// <summary>Returns the current progress of the atlas.</summary>
    /// <exception cref="AtlasNotFoundException">There is no such atlas.</exception>
    public async Task<AtlasProgress> SnapshotAsync(string atlasId, CancellationToken cancellation = default)
    {
        await using var catalog = _database.Open();
        var atlas = await catalog.FindAtlasAsync(atlasId, cancellation) ?? throw new AtlasNotFoundException(_database.Place, atlasId);
        var counts = await catalog.CountJobsAsync(atlas.Id, cancellation);
        var stages = counts.GroupBy(count => count.Kind).OrderBy(stage => stage.Key)
            .Select(stage => Stage(atlasId, stage.Key, [.. stage])).ToList();
        var running = Running(atlasId);
        var parallel = running.Count > 0 ? running.Count : await DevicesAsync(catalog, cancellation);
        return new AtlasProgress(
            atlasId, atlas.State, stages, Pace(atlasId).TimeLeft(atlas.ReadSpec(), counts, running, parallel));
    }

    internal void Started(Job job, JobStarted started) => _live[(started.AtlasId, started.JobId)] =
        new LiveJob(job.Kind, job.LayerIndex, job.Units, started.Attempt, 0, _time.GetTimestamp(), 0);

    internal void Completed(Job job, JobCompleted completed) => Pace(completed.AtlasId)
        .Add(job.Kind, job.LayerIndex, job.Units, completed.ElapsedSeconds, _time.GetUtcNow().UtcDateTime);

    internal void Progressed(JobProgressed job)
    {
        if (_live.TryGetValue((job.AtlasId, job.JobId), out var known) && known.Attempt == job.Attempt)
            _live[(job.AtlasId, job.JobId)] = known with
            {
                UnitsDone = Math.Min(job.Units, known.Units),
                Seconds = _time.GetElapsedTime(known.Since).TotalSeconds,
            };
    }

    internal void Ended(string atlasId, long jobId) => _live.TryRemove((atlasId, jobId), out _);

    internal void AtlasFinished()
    {
        lock (_gate)
        {
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends all waits for atlases because this process cannot continue.</summary>
    public void Stop(Exception reason)
    {
        _logger.CoordinatorStopped(reason.Message);
        lock (_gate)
        {
            _stopped ??= new CoordinatorStoppedException(
                FullDisk.Explains(reason)
                    ? $"The disk of {_database.Place} is full: free some space there, then run the same command again to go on. "
                        + "Nothing is lost."
                    : $"The coordinator cannot go on with {_database.Place}: {reason.Message} "
                        + "Nothing is lost; run the same command again to go on.",
                reason);
        }
        AtlasFinished();
    }

    private async Task<AtlasResult?> OutcomeAsync(string atlasId, CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        var atlas = await catalog.FindAtlasAsync(atlasId, cancellation) ?? throw new AtlasNotFoundException(_database.Place, atlasId);
        if (atlas.State == AtlasState.Running)
            return null;
        var seconds = VizJson.Read<Dictionary<JobKind, double>>(Encoding.UTF8.GetBytes(atlas.SecondsByKind ?? "{}"));
        return new AtlasResult(atlasId, atlas.State, seconds, await catalog.FailuresAsync(atlas.Id, cancellation), atlas.FinishedAt)
        {
            StartedAt = atlas.CreatedAt,
            Accuracy = await NetworkAccuracy.ReadAsync(catalog, atlas, cancellation),
        };
    }

    private StageProgress Stage(string atlasId, JobKind kind, IReadOnlyList<JobCount> counts)
    {
        int Jobs(params JobState[] states) => counts.Where(count => states.Contains(count.State)).Sum(count => count.Jobs);
        var running = Running(atlasId).Where(job => job.Kind == kind).ToList();
        return new StageProgress(
            kind,
            counts.Sum(count => count.Jobs),
            Jobs(JobState.Completed),
            Jobs(JobState.Failed, JobState.Blocked),
            Jobs(JobState.Sent, JobState.Running),
            counts.Sum(count => count.Units),
            counts.Where(count => count.State == JobState.Completed).Sum(count => count.Units) + running.Sum(job => job.UnitsDone),
            Pace(atlasId).UnitsPerSecond(kind, counts, running));
    }

    private List<RunningJob> Running(string atlasId) => [.. _live.Where(entry => entry.Key.Atlas == atlasId).Select(entry => entry.Value)
        .Select(job => new RunningJob(
            job.Kind, job.Layer, job.Units, job.UnitsDone, job.Seconds, _time.GetElapsedTime(job.Since).TotalSeconds))];

    private Task<int> DevicesAsync(CatalogContext catalog, CancellationToken cancellation)
    {
        var alive = _time.GetUtcNow().UtcDateTime - UnservedJobsQueries.WorkerSilence;
        return catalog.Workers.Where(worker => worker.LastSeenAt > alive).SumAsync(worker => worker.Devices, cancellation);
    }

    private WorkPace Pace(string atlasId) => _paces.GetOrAdd(atlasId, _ => new WorkPace(_options.WorkPerSecond));

    private sealed record LiveJob(JobKind Kind, int? Layer, int Units, int Attempt, int UnitsDone, long Since, double Seconds);
}
