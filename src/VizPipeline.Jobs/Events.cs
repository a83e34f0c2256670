namespace VizPipeline.Jobs;

/// <summary>A message on the bus. The bus discovers message types by this interface and names messages after them.</summary>
public interface IBusMessage;

/// <summary>A worker's message about a job to the coordinators.</summary>
public interface IJobAnswer : IBusMessage
{
    /// <summary>The atlas's id.</summary>
    string AtlasId { get; }

    /// <summary>The job's number in its atlas.</summary>
    long JobId { get; }

    /// <summary>The attempt of the command.</summary>
    int Attempt { get; }
}

/// <summary>A request that is answered by a <typeparamref name="TAnswer"/> or by <see cref="LiveRefused"/>.</summary>
public interface IBusRequest<TAnswer> : IBusRequest
    where TAnswer : IBusMessage;

/// <inheritdoc cref="IBusRequest{TAnswer}"/>
public interface IBusRequest : IBusMessage
{
    /// <summary>The queue from which it is answered.</summary>
    string Queue => QueueNames.Live;
}

/// <summary>Published when a worker starts a job. Optional: it shows which worker has the job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Started">When the work began, UTC.</param>
public sealed record JobStarted(string AtlasId, long JobId, int Attempt, string Worker, DateTimeOffset Started) : IJobAnswer;

/// <summary>Published by a worker from time to time. Optional: it updates the progress display within a job.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Units">Units done so far, see <see cref="JobKindRow.Unit"/>.</param>
public sealed record JobProgressed(string AtlasId, long JobId, int Attempt, int Units) : IJobAnswer;

/// <summary>Published when a job's pictures and its table are in the object store, or already were.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="ResultKey">Key of the result table in the object store.</param>
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

/// <summary>Published when a job fails on a worker.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name, e.g. machine and device.</param>
/// <param name="Error">What failed and why, in one line.</param>
/// <param name="Transient">Whether waiting may help (a full device, a restarting server).</param>
public sealed record JobFailed(string AtlasId, long JobId, int Attempt, string Worker, string Error, bool Transient) : IJobAnswer;

/// <summary>Published when a worker returns a job unfinished, so that another can run it.</summary>
/// <param name="AtlasId">The atlas's id.</param>
/// <param name="JobId">The job's number in its atlas.</param>
/// <param name="Attempt">The attempt of the command.</param>
/// <param name="Worker">The worker's name.</param>
/// <param name="Reason">Why.</param>
/// <param name="Error">What happened, in one line, if the reason alone does not say it.</param>
public sealed record JobReturned(string AtlasId, long JobId, int Attempt, string Worker, ReturnReason Reason, string? Error = null)
    : IJobAnswer;

/// <summary>Why a worker returns a job.</summary>
public enum ReturnReason
{
    /// <summary>The worker is stopping, for reasons unrelated to the job.</summary>
    Stopping,

    /// <summary>
    /// The queue redelivered the command because its previous worker died or lost its connection. If the job had started, it may be the
    /// cause, so the redelivery is counted before the job runs again.
    /// </summary>
    Redelivered,

    /// <summary>The device failed during the job and is set aside. The job may be the cause.</summary>
    DeviceFailed,
}

/// <summary>Published by each worker every few seconds.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process id on that machine.</param>
/// <param name="Device">Where it computes, in words, e.g. <c>cpu</c> or <c>cuda:0, cuda:1</c>, and which devices are set aside.</param>
/// <param name="Version">The software's version.</param>
/// <param name="Kinds">The queues it serves.</param>
/// <param name="State">The worker's state.</param>
/// <param name="AtlasId">The atlas of the current job, on the first device that has one; null if idle.</param>
/// <param name="JobId">The number of that job; null if idle.</param>
/// <param name="JobsDone">Jobs completed since it started.</param>
/// <param name="MemoryBytes">Resident memory of the process.</param>
/// <param name="Started">When it started, UTC.</param>
/// <param name="Devices">Number of devices that run jobs.</param>
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

/// <summary>The states of a worker. Stored by name: add names, but never rename or remove one.</summary>
public enum WorkerState
{
    /// <summary>Waits for a job.</summary>
    Idle,

    /// <summary>Runs a job.</summary>
    Busy,

    /// <summary>Takes no more jobs and exits.</summary>
    Stopping,
}

/// <summary>
/// Asks the coordinators how many jobs of the kinds that a worker serves are unfinished; <see cref="OpenJobs"/> answers.
/// </summary>
/// <param name="Kinds">Names of the kinds.</param>
public sealed record OpenJobsAsked(IReadOnlyList<string> Kinds) : IBusRequest<OpenJobs>
{
    /// <inheritdoc/>
    string IBusRequest.Queue => QueueNames.Answers;
}

/// <summary>
/// Reports how many jobs of all atlases are unfinished: waiting for others, ready, or running.
/// </summary>
/// <param name="Jobs">Number of unfinished jobs of the requested kinds.</param>
public sealed record OpenJobs(int Jobs) : IBusMessage;
