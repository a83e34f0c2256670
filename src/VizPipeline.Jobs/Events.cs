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

/// <summary>Published when a worker gives a job back undone, so that another may have it.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name.</param>
/// <param name="Reason">Why.</param>
public sealed record JobReturned(string AtlasId, long JobId, int Attempt, string Worker, ReturnReason Reason);

/// <summary>Why a worker gives a job back.</summary>
public enum ReturnReason
{
    /// <summary>The worker stops; the job has nothing to do with it.</summary>
    Stopping,

    /// <summary>
    /// The queue delivered the command a second time: whoever had it before died, or lost its connection. If the job had begun, it may be
    /// the cause, so nobody runs it again before this is counted.
    /// </summary>
    Redelivered,
}

/// <summary>Published by each worker every few seconds.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process there.</param>
/// <param name="Device">Where it computes, e.g. <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Version">The software's version.</param>
/// <param name="Kinds">The queues that it serves.</param>
/// <param name="State">What it does.</param>
/// <param name="AtlasId">The atlas of the job in hand; null for none.</param>
/// <param name="JobId">The job in hand; null for none.</param>
/// <param name="JobsDone">Jobs completed since it started.</param>
/// <param name="BusyRatio">Share of the time since it started with a job on the device, from 0 to 1.</param>
/// <param name="MemoryBytes">Resident memory of the process.</param>
/// <param name="Started">When it started, UTC.</param>
/// <param name="Now">When it said so, UTC.</param>
public sealed record WorkerReported(
    string Worker,
    string Host,
    int ProcessId,
    string Device,
    string Version,
    IReadOnlyList<string> Kinds,
    WorkerState State,
    string? AtlasId,
    long? JobId,
    long JobsDone,
    double BusyRatio,
    long MemoryBytes,
    DateTimeOffset Started,
    DateTimeOffset Now);

/// <summary>What a worker does. Stored by name: names are only ever added.</summary>
public enum WorkerState
{
    /// <summary>Waits for a job.</summary>
    Idle,

    /// <summary>Works on a job.</summary>
    Busy,

    /// <summary>Takes no more jobs and ends.</summary>
    Stopping,
}
