using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>All log messages of the coordinator. Event ids are never changed or reused.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Atlas {Atlas} was planned: {Layers} layers, {Neurons} neurons, {Jobs} jobs")]
    public static partial void AtlasPlanned(this ILogger logger, string atlas, int layers, long neurons, int jobs);

    [LoggerMessage(2, LogLevel.Information, "Atlas {Atlas} was resumed")]
    public static partial void AtlasResumed(this ILogger logger, string atlas);

    [LoggerMessage(21, LogLevel.Information, "Atlas {Atlas} was taken over from a folder")]
    public static partial void AtlasImported(this ILogger logger, string atlas);

    [LoggerMessage(3, LogLevel.Information, "{Jobs} jobs that an earlier process had sent went back to pending")]
    public static partial void JobsRequeued(this ILogger logger, int jobs);

    [LoggerMessage(
        20, LogLevel.Warning,
        "{Kind} job {Job} stayed {State} while worker {Worker} was idle, so its command or answer was lost; it is sent again")]
    public static partial void JobStalled(this ILogger logger, JobKind kind, long job, JobState state, string worker);

    [LoggerMessage(
        23, LogLevel.Warning,
        "{Kind} job {Job} has run for {Minutes:F0} min on worker {Worker}, while the longest other one took {Longest:F0} s; another worker "
        + "gets it, too")]
    public static partial void JobOverdue(this ILogger logger, JobKind kind, long job, double minutes, string worker, double longest);

    [LoggerMessage(4, LogLevel.Debug, "{Kind} job {Job} of {Atlas} was sent, attempt {Attempt}")]
    public static partial void JobSent(this ILogger logger, JobKind kind, long job, string atlas, int attempt);

    [LoggerMessage(5, LogLevel.Debug, "{Kind} job {Job} of {Atlas} completed on {Worker} in {Seconds:F1} s")]
    public static partial void JobDone(this ILogger logger, JobKind kind, long job, string atlas, string worker, double seconds);

    [LoggerMessage(
        6, LogLevel.Warning, "Job {Job} of {Atlas} failed on {Worker} ({Failures} of {MaxFailures}), to be tried again: {Error}")]
    public static partial void JobToRetry(
        this ILogger logger, long job, string atlas, string worker, int failures, int maxFailures, string error);

    [LoggerMessage(7, LogLevel.Error, "Job {Job} of {Atlas} was given up after {Failures} failures: {Error}")]
    public static partial void JobGivenUp(this ILogger logger, long job, string atlas, int failures, string error);

    [LoggerMessage(8, LogLevel.Debug, "An answer to attempt {Attempt} of job {Job} of {Atlas} was ignored: the job has moved on")]
    public static partial void AnswerIgnored(this ILogger logger, int attempt, long job, string atlas);

    [LoggerMessage(9, LogLevel.Information, "Atlas {Atlas} finished: {State}")]
    public static partial void AtlasFinished(this ILogger logger, string atlas, string state);

    [LoggerMessage(10, LogLevel.Information, "{Jobs} jobs of {Atlas} were set back by hand")]
    public static partial void JobsRetried(this ILogger logger, int jobs, string atlas);

    [LoggerMessage(
        13, LogLevel.Warning,
        "Job {Job} of {Atlas} came back: worker {Worker} died or lost its connection in the middle of it ({Losses} of {MaxLosses})")]
    public static partial void JobLost(this ILogger logger, long job, string atlas, string worker, int losses, int maxLosses);

    [LoggerMessage(14, LogLevel.Information, "This coordinator leads")]
    public static partial void Leads(this ILogger logger);

    [LoggerMessage(15, LogLevel.Information, "Another coordinator leads; this one waits")]
    public static partial void Waits(this ILogger logger);

    [LoggerMessage(16, LogLevel.Warning, "Sending jobs failed and is tried again: {Error}")]
    public static partial void DispatchFailed(this ILogger logger, string error);

    [LoggerMessage(17, LogLevel.Warning, "An answer waits for the catalog or the store: {Error}")]
    public static partial void AnswerWaits(this ILogger logger, string error);

    [LoggerMessage(18, LogLevel.Warning, "The catalog could not be asked for the metrics, which stay as they were: {Error}")]
    public static partial void GaugesFailed(this ILogger logger, string error);

    [LoggerMessage(19, LogLevel.Warning, "A manifest waits to be written: {Error}")]
    public static partial void ManifestWaits(this ILogger logger, string error);

    [LoggerMessage(22, LogLevel.Information, "Atlas {Atlas} grows by {Added}: {Jobs} new jobs")]
    public static partial void AtlasGrown(this ILogger logger, string atlas, string added, int jobs);

    [LoggerMessage(12, LogLevel.Critical, "The coordinator cannot go on: {Error}")]
    public static partial void CoordinatorStopped(this ILogger logger, string error);
}
