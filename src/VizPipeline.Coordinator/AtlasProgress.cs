using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>How far an atlas is.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="State">Its state.</param>
/// <param name="Stages">One entry per kind of job that the atlas has, in the order of <see cref="JobKind"/>.</param>
/// <param name="TimeLeft">Estimated time until the end at the present number of workers; null before every open stage has a rate.</param>
public sealed record AtlasProgress(string AtlasId, AtlasState State, IReadOnlyList<StageProgress> Stages, TimeSpan? TimeLeft);

/// <summary>How far the jobs of one kind are.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Total">All jobs.</param>
/// <param name="Done">Completed jobs.</param>
/// <param name="Failed">Jobs given up or blocked.</param>
/// <param name="Running">Jobs that workers have, or that lie ready for them.</param>
/// <param name="UnitsTotal">Work of all jobs, see <see cref="PlannedJob.Units"/>.</param>
/// <param name="UnitsDone">Work of the completed jobs, and what running jobs have reported.</param>
/// <param name="UnitsPerSecond">Units per second of a worker's time; null before the first is done.</param>
public sealed record StageProgress(
    JobKind Kind, int Total, int Done, int Failed, int Running, long UnitsTotal, long UnitsDone, double? UnitsPerSecond);

/// <summary>How an atlas ended.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="State"><see cref="AtlasState.Completed"/> or <see cref="AtlasState.CompletedWithFailures"/>.</param>
/// <param name="SecondsByKind">Seconds of work by kind of job: what the atlas cost.</param>
/// <param name="Failures">The jobs given up or blocked, with their errors.</param>
/// <param name="FinishedAt">When it ended, UTC.</param>
public sealed record AtlasOutcome(
    string AtlasId, AtlasState State, IReadOnlyDictionary<JobKind, double> SecondsByKind, IReadOnlyList<Job> Failures, DateTime? FinishedAt);
