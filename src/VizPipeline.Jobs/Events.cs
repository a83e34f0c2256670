namespace VizPipeline.Jobs;

/// <summary>Published when a worker begins a job. Optional: it shows which worker has the job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Started">When the work began, UTC.</param>
public sealed record JobStarted(string AtlasId, long JobId, int Attempt, string Worker, DateTimeOffset Started);

/// <summary>Published now and then by a worker. Optional: it makes the progress display move within a job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Units">Units done so far, see <see cref="PlannedJob.Units"/>.</param>
public sealed record JobProgressed(string AtlasId, long JobId, int Attempt, int Units);

/// <summary>Published when a job's pictures and its table are in the object store, or were already there.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="ResultKey">Key of the result's table in the object store.</param>
/// <param name="Units">Units done, see <see cref="PlannedJob.Units"/>.</param>
/// <param name="Started">When the work began, UTC.</param>
/// <param name="ElapsedSeconds">How long it took.</param>
/// <param name="Phases">Seconds by phase, e.g. <c>decode</c>, <c>forward</c>.</param>
public sealed record JobCompleted(
    string AtlasId,
    long JobId,
    int Attempt,
    string Worker,
    string ResultKey,
    int Units,
    DateTimeOffset Started,
    double ElapsedSeconds,
    IReadOnlyDictionary<string, double> Phases);

/// <summary>Published when a worker gives up on a job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Error">What went wrong and with what, in one line.</param>
/// <param name="Transient">Whether waiting may help (a full device, a server that restarts).</param>
public sealed record JobFailed(string AtlasId, long JobId, int Attempt, string Worker, string Error, bool Transient);
