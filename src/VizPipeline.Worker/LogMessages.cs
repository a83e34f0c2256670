using Microsoft.Extensions.Logging;

namespace VizPipeline.Worker;

/// <summary>All log messages of the worker.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Opened atlas {Atlas}: network {Network} on {Device}")]
    public static partial void AtlasOpened(this ILogger logger, string atlas, string network, string device);

    [LoggerMessage(2, LogLevel.Warning, "{Reason}")]
    public static partial void CacheUnusable(this ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Debug, "Completed job {Job} of atlas {Atlas}: {Units} units in {Seconds:0.0} s")]
    public static partial void JobCompleted(this ILogger logger, long job, string atlas, int units, double seconds);

    [LoggerMessage(4, LogLevel.Warning, "Job {Job} of atlas {Atlas} failed: {Error}")]
    public static partial void JobFailed(this ILogger logger, long job, string atlas, string error);

    [LoggerMessage(5, LogLevel.Information, "Job {Job} of atlas {Atlas} was stopped and will be done again")]
    public static partial void JobStopped(this ILogger logger, long job, string atlas);

    [LoggerMessage(6, LogLevel.Information, "Job {Job} of atlas {Atlas} was given back: {Reason}")]
    public static partial void JobReturned(this ILogger logger, long job, string atlas, VizPipeline.Jobs.ReturnReason reason);

    [LoggerMessage(8, LogLevel.Critical, "There is no device to work on: {Reason}")]
    public static partial void DeviceUnusable(this ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Error, "A live request about {Atlas} failed")]
    public static partial void LiveFailed(this ILogger logger, string atlas, Exception failure);

    [LoggerMessage(7, LogLevel.Information, "Fetched {Key} into {File}")]
    public static partial void ModelFetched(this ILogger logger, string key, string file);

    [LoggerMessage(10, LogLevel.Error, "Device {Device} is set aside until this process is started again: {Reason}")]
    public static partial void DeviceSetAside(this ILogger logger, string device, string reason);

    [LoggerMessage(11, LogLevel.Warning, "Device {Device} is set aside for {Seconds:0} s: {Reason}")]
    public static partial void DeviceRests(this ILogger logger, string device, double seconds, string reason);

    [LoggerMessage(12, LogLevel.Critical, "No device is left, so this worker ends: {Reason}")]
    public static partial void DevicesLost(this ILogger logger, string reason);

    [LoggerMessage(
        13, LogLevel.Information, "Nothing is left to do and there was no job for {Idle}, so this worker ends (Worker:ExitWhenIdle)")]
    public static partial void NothingLeft(this ILogger logger, TimeSpan idle);

    [LoggerMessage(14, LogLevel.Debug, "No coordinator says whether anything is left to do: {Reason}")]
    public static partial void NobodyKnowsWhatIsLeft(this ILogger logger, string reason);

    [LoggerMessage(15, LogLevel.Information, "An exemplar of atlas {Atlas} was drawn and not kept: {Reason}")]
    public static partial void ExemplarNotKept(this ILogger logger, string atlas, string reason);
}
