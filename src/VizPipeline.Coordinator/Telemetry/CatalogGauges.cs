using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>
/// Gauges of the catalog: jobs, workers and progress. Only the leader queries the catalog, periodically, and every scrape returns the
/// latest sample. Other coordinators show none, so that sums over all coordinators count nothing twice.
/// </summary>
internal sealed class CatalogGauges : BackgroundService
{
    private const string Lost = "lost";
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);

    // Counting a million jobs takes a good part of a second; queries should use at most a twentieth of the time.
    private const int PausePerCost = 20;

    // A worker that was lost longer ago will not return under the same name.
    private static readonly TimeSpan LostFor = TimeSpan.FromHours(1);

    private readonly CatalogDatabase _database;
    private readonly CoordinatorSession _session;
    private readonly CoordinatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<CatalogGauges> _logger;
    private volatile Sample? _last;

    public CatalogGauges(
        CatalogDatabase database, CoordinatorSession session, CoordinatorMetrics metrics, IMeterFactory meters,
        TimeProvider time, ILogger<CatalogGauges> logger)
    {
        (this._database, this._session, this._metrics, this._time, this._logger) = (database, session, metrics, time, logger);
        var meter = meters.Create(VizTelemetry.Name);
        meter.CreateObservableGauge("viz_leader", () => session.IsLeading ? 1 : 0, description: "1 where this coordinator leads, else 0.");
        meter.CreateObservableGauge(
            "viz_jobs", () => Shown(sample => sample.Jobs), description: "Jobs of the atlases that are not finished.");
        meter.CreateObservableGauge(
            "viz_queue_depth", () => Shown(sample => sample.Depths), description: "Jobs that are sent and not answered.");
        meter.CreateObservableGauge(
            "viz_jobs_unserved", () => Shown(sample => sample.Unserved),
            description: "Jobs that could be done now, of kinds that no live worker serves.");
        meter.CreateObservableGauge(
            "viz_workers", () => Shown(sample => sample.Workers),
            description: "Workers by what they do; lost: unheard of, and they did not say that they stop.");
        meter.CreateObservableGauge(
            "viz_atlas_progress_ratio", () => Shown(sample => sample.Progress),
            description: "Completed share of a running atlas's jobs, from 0 to 1.");
    }

    /// <summary>The leader's latest list of jobs whose kinds no live worker serves; empty if this process is not the leader.</summary>
    public IReadOnlyList<UnservedJobs> Unserved => _session.IsLeading && _last is { } sample ? sample.Missing : [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _metrics.StartAtZero();
        var (asked, pause) = (0L, TimeSpan.Zero);
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!_session.IsLeading)
                _last = null;
            else if (_last is null || _time.GetElapsedTime(asked) >= pause)
            {
                asked = _time.GetTimestamp();
                await TryAskAsync(stoppingToken);
                var cost = _time.GetElapsedTime(asked) * PausePerCost;
                pause = cost > ShortestPause ? cost : ShortestPause;
            }
            await Task.Delay(Tick, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryAskAsync(CancellationToken cancellation)
    {
        try
        {
            _last = await AskAsync(cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            _logger.GaugesFailed(failure.Message.ReplaceLineEndings(" "));
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private async Task<Sample> AskAsync(CancellationToken cancellation)
    {
        await using var catalog = _database.Open();
        var atlases = await catalog.Atlases.Where(atlas => atlas.State == AtlasState.Running)
            .Select(atlas => new { atlas.Id, atlas.Slug }).ToListAsync(cancellation);
        var ids = atlases.ConvertAll(atlas => atlas.Id);
        // A covering index serves this query.
        var counts = await catalog.Jobs.Where(job => ids.Contains(job.AtlasId))
            .GroupBy(job => new { job.AtlasId, job.Kind, job.State })
            .Select(jobs => new Count(jobs.Key.AtlasId, jobs.Key.Kind, jobs.Key.State, jobs.Count()))
            .ToListAsync(cancellation);
        var now = _time.GetUtcNow().UtcDateTime;
        var workers = await catalog.Workers.Where(worker => worker.LastSeenAt > now - LostFor)
            .Select(worker => new { worker.State, worker.LastSeenAt }).ToListAsync(cancellation);
        var states = workers.ToLookup(
            worker => worker.LastSeenAt > now - UnservedJobsQueries.WorkerSilence
                ? Name(worker.State)
                : worker.State == WorkerState.Stopping ? "" : Lost);
        var missing = (await catalog.UnservedJobsAsync(now, cancellation: cancellation)).SelectMany(of => of)
            .GroupBy(jobs => jobs.Kind).Select(kind => new UnservedJobs(kind.Key, kind.Sum(jobs => jobs.Jobs)))
            .OrderBy(jobs => jobs.Kind).ToList();
        return new Sample(
            [.. from kind in JobKinds.All.Select(row => row.Kind)
                from state in Enum.GetValues<JobState>()
                select Of(
                    counts.Where(count => count.Kind == kind && count.State == state).Sum(count => count.Jobs),
                    ("kind", kind.Name()), ("state", Name(state)))],
            [.. JobKinds.All.Select(row => row.Kind).Select(kind => Of(
                counts.Where(count => count.Kind == kind && count.State is JobState.Sent or JobState.Running).Sum(count => count.Jobs),
                ("kind", kind.Name())))],
            [.. JobKinds.All.Select(row => row.Kind).Select(kind => Of(
                missing.Where(jobs => jobs.Kind == kind).Sum(jobs => jobs.Jobs), ("kind", kind.Name())))],
            missing,
            [.. Enum.GetValues<WorkerState>().Select(Name).Append(Lost).Select(state => Of(states[state].Count(), ("state", state)))],
            [.. atlases.Select(atlas => Of(Share(counts.Where(count => count.Atlas == atlas.Id)), ("atlas", atlas.Slug)))]);
    }

    // Checked at the time of the scrape: if this process has lost leadership since the sample, another coordinator reports.
    private IReadOnlyList<T> Shown<T>(Func<Sample, IReadOnlyList<T>> part) => _session.IsLeading && _last is { } sample ? part(sample) : [];

    private static double Share(IEnumerable<Count> counts)
    {
        var (done, all) = (0L, 0L);
        foreach (var count in counts)
            (done, all) = (done + (count.State == JobState.Completed ? count.Jobs : 0), all + count.Jobs);
        return all == 0 ? 0 : (double)done / all;
    }

    private static string Name<T>(T state)
        where T : struct, Enum => state.ToString().ToLowerInvariant();

    private static Measurement<T> Of<T>(T value, params ReadOnlySpan<(string Name, string Value)> labels)
        where T : struct
    {
        var tags = new KeyValuePair<string, object?>[labels.Length];
        for (var i = 0; i < labels.Length; i++)
            tags[i] = new(labels[i].Name, labels[i].Value);
        return new Measurement<T>(value, tags);
    }

    private sealed record Count(int Atlas, JobKind Kind, JobState State, int Jobs);

    private sealed record Sample(
        IReadOnlyList<Measurement<int>> Jobs, IReadOnlyList<Measurement<int>> Depths, IReadOnlyList<Measurement<int>> Unserved,
        IReadOnlyList<UnservedJobs> Missing,
        IReadOnlyList<Measurement<int>> Workers, IReadOnlyList<Measurement<double>> Progress);
}
