using System.Runtime.InteropServices;

namespace VizPipeline.Worker;

/// <summary>The effect of a failure on the device where it occurred.</summary>
public enum DeviceFaultKind
{
    /// <summary>None: the work itself failed, and would fail on any device.</summary>
    None,

    /// <summary>The device was out of memory, which may be temporary.</summary>
    OutOfMemory,

    /// <summary>The device is broken, or the driver has given it up; nothing will succeed on it in this process.</summary>
    Broken,
}

/// <summary>A device fault inferred from a failure.</summary>
/// <param name="Kind">Whether the device is at fault.</param>
/// <param name="Reason">The message from torch, in one line.</param>
public readonly record struct DeviceFault(DeviceFaultKind Kind, string Reason);

/// <summary>
/// Distinguishes failures of a device from failures of the work. Torch uses one exception type for both, so the message decides.
/// </summary>
internal static class DeviceFaults
{
    private const int LongestReason = 200;

    private static readonly string[] Shortages =
    [
        "out of memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED", "can't allocate memory",
        // Creating a handle fails like this if the device has no memory left for it.
        "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_NOT_INITIALIZED",
    ];

    // Do not match every "CUDA error": otherwise a network without a matching cuDNN kernel would take one device after another out of
    // service.
    private static readonly string[] Breakages =
    [
        "ECC error", "illegal memory access", "illegal instruction", "misaligned address", "hardware stack error",
        "unspecified launch failure", "launch timed out", "device-side assert", "no CUDA-capable device", "busy or unavailable",
        "GPU is lost", "fallen off the bus", "device not ready", "initialization error", "no kernel image is available",
        "driver shutting down", "CUDA error: unknown error", "CUDNN_STATUS_INTERNAL_ERROR", "CUDNN_STATUS_EXECUTION_FAILED",
        "CUBLAS_STATUS_INTERNAL_ERROR", "CUBLAS_STATUS_EXECUTION_FAILED",
    ];

    public static DeviceFault Of(Exception failure)
    {
        foreach (var cause in Causes(failure).OfType<ExternalException>())
        {
            if (Array.Exists(Breakages, text => cause.Message.Contains(text, StringComparison.OrdinalIgnoreCase)))
                return new DeviceFault(DeviceFaultKind.Broken, OneLine(cause));
            if (Array.Exists(Shortages, text => cause.Message.Contains(text, StringComparison.OrdinalIgnoreCase)))
                return new DeviceFault(DeviceFaultKind.OutOfMemory, OneLine(cause));
        }
        return default;
    }

    private static IEnumerable<Exception> Causes(Exception failure) => failure is AggregateException several
        ? several.InnerExceptions.SelectMany(Causes)
        : failure.InnerException is { } inner ? Causes(inner).Prepend(failure) : [failure];

    // The first line describes the failure; the rest is advice to programmers and a stack trace.
    private static string OneLine(Exception cause)
    {
        var line = cause.Message.Split('\n', 2)[0].Trim();
        return line.Length <= LongestReason ? line : line[..LongestReason] + "...";
    }
}
