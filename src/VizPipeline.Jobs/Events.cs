namespace VizPipeline.Jobs;

/// <summary>A message of the bus. The bus finds the types by this interface and names them by their type names.</summary>
public interface IBusMessage;

/// <summary>What a worker says of a job, for the coordinators.</summary>
public interface IJobAnswer : IBusMessage
{
    /// <summary>The atlas's id.</summary>
    string AtlasId { get; }

    /// <summary>The job's number in its atlas.</summary>
    long JobId { get; }

    /// <summary>The attempt of the command.</summary>
    int Attempt { get; }
}

/// <summary>A message that is answered by a <typeparamref name="TAnswer"/> or by <see cref="LiveRefused"/>.</summary>
public interface IBusRequest<TAnswer> : IBusRequest
    where TAnswer : IBusMessage;

/// <inheritdoc cref="IBusRequest{TAnswer}"/>
public interface IBusRequest : IBusMessage
{
    /// <summary>The queue of those who answer it.</summary>
    string Queue => QueueNames.Live;
}

/// <summary>Published when a worker begins a job. Optional: it shows which worker has the job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Started">When the work began, UTC.</param>
public sealed record JobStarted(string AtlasId, long JobId, int Attempt, string Worker, DateTimeOffset Started) : IJobAnswer;

/// <summary>Published now and then by a worker. Optional: it makes the progress display move within a job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Units">Units done so far, see <see cref="JobKindRow.Unit"/>.</param>
public sealed record JobProgressed(string AtlasId, long JobId, int Attempt, int Units) : IJobAnswer;

/// <summary>Published when a job's pictures and its table are in the object store, or were already there.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="ResultKey">Key of the result's table in the object store.</param>
/// <param name="Units">Units done, see <see cref="JobKindRow.Unit"/>.</param>
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
    IReadOnlyDictionary<string, double> Phases) : IJobAnswer;

/// <summary>Published when a worker gives up on a job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Error">What went wrong and with what, in one line.</param>
/// <param name="Transient">Whether waiting may help (a full device, a server that restarts).</param>
public sealed record JobFailed(string AtlasId, long JobId, int Attempt, string Worker, string Error, bool Transient) : IJobAnswer;

/// <summary>Published when a worker gives a job back undone, so that another may have it.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name.</param>
/// <param name="Reason">Why.</param>
/// <param name="Error">What happened, in one line, where the reason alone does not say it.</param>
public sealed record JobReturned(string AtlasId, long JobId, int Attempt, string Worker, ReturnReason Reason, string? Error = null)
    : IJobAnswer;

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

    /// <summary>The device broke in the middle of the job, and is set aside. The job may be the cause.</summary>
    DeviceFailed,
}

/// <summary>Published by each worker every few seconds.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process there.</param>
/// <param name="Device">Where it computes, in words, e.g. <c>cpu</c> or <c>cuda:0, cuda:1</c>, and which devices it has set aside.</param>
/// <param name="Version">The software's version.</param>
/// <param name="Kinds">The queues that it serves.</param>
/// <param name="State">What it does.</param>
/// <param name="AtlasId">The atlas of a job in hand, that of the first device which has one; null for none.</param>
/// <param name="JobId">That job; null for none.</param>
/// <param name="JobsDone">Jobs completed since it started.</param>
/// <param name="MemoryBytes">Resident memory of the process.</param>
/// <param name="Started">When it started, UTC.</param>
/// <param name="Devices">On how many devices it does jobs at once.</param>
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
    long MemoryBytes,
    DateTimeOffset Started,
    int Devices = 1) : IBusMessage;

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

/// <summary>
/// A worker asks the coordinators how many jobs are not finished of the kinds that it serves; <see cref="OpenJobs"/> answers.
/// </summary>
/// <param name="Kinds">Names of the kinds.</param>
public sealed record OpenJobsAsked(IReadOnlyList<string> Kinds) : IBusRequest<OpenJobs>
{
    /// <inheritdoc/>
    string IBusRequest.Queue => QueueNames.Answers;
}

/// <summary>
/// Tells how many jobs of all atlases are not finished: they wait for others, are ready, or are being done.
/// </summary>
/// <param name="Jobs">Their number, of the kinds that were asked for.</param>
public sealed record OpenJobs(int Jobs) : IBusMessage;
