using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>The progress of an atlas.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="State">Its state.</param>
/// <param name="Stages">One entry per kind of job in the atlas, in the order of <see cref="JobKind"/>.</param>
/// <param name="TimeLeft">
/// Estimated time to the end with the present number of workers, 0 when it has ended; null from older coordinators.
/// </param>
public sealed record AtlasProgress(string AtlasId, AtlasState State, IReadOnlyList<StageProgress> Stages, TimeSpan? TimeLeft);

/// <summary>The progress of the jobs of one kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Total">The number of jobs.</param>
/// <param name="Done">The number of completed jobs.</param>
/// <param name="Failed">The number of jobs that were given up or are blocked.</param>
/// <param name="Running">The number of jobs that are running or sent to workers.</param>
/// <param name="UnitsTotal">The work of all jobs, see <see cref="PlannedJob.Units"/>.</param>
/// <param name="UnitsDone">The work of completed jobs, plus what running jobs have reported.</param>
/// <param name="UnitsPerSecond">Recent units per second of worker time; null until the first unit is done.</param>
public sealed record StageProgress(
    JobKind Kind, int Total, int Done, int Failed, int Running, long UnitsTotal, long UnitsDone, double? UnitsPerSecond);

/// <summary>The outcome of an atlas.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="State"><see cref="AtlasState.Completed"/> or <see cref="AtlasState.CompletedWithFailures"/>.</param>
/// <param name="SecondsByKind">Seconds of work by kind of job: the cost of the atlas.</param>
/// <param name="Failures">The jobs that were given up or are blocked, with their errors.</param>
/// <param name="FinishedAt">When the atlas ended, UTC.</param>
public sealed record AtlasResult(
    string AtlasId, AtlasState State, IReadOnlyDictionary<JobKind, double> SecondsByKind,
    IReadOnlyList<Job> Failures, DateTime? FinishedAt)
{
    /// <summary>When the atlas was planned, UTC.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>How often the network is right about the labelled images; null if unknown.</summary>
    public NetworkAccuracy? Accuracy { get; init; }
}
