using System.Runtime.InteropServices;

namespace VizPipeline.Worker;

/// <summary>What a failure says of the device that it happened on.</summary>
public enum DeviceFaultKind
{
    /// <summary>Nothing: the work failed, and would on any device.</summary>
    None,

    /// <summary>It had no memory left, which may be different later.</summary>
    OutOfMemory,

    /// <summary>It is broken, or the driver has given it up: nothing that this process asks of it will succeed.</summary>
    Broken,
}

/// <summary>What a failure says of a device.</summary>
/// <param name="Kind">Whether the device is to blame.</param>
/// <param name="Reason">What torch says, in one line.</param>
public readonly record struct DeviceFault(DeviceFaultKind Kind, string Reason);

/// <summary>Tells failures of a device from those of the work. torch has one type of exception for all, so the text decides.</summary>
internal static class DeviceFaults
{
    private const int LongestReason = 200;

    private static readonly string[] Shortages =
    [
        "out of memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED", "can't allocate memory",
        // The libraries want memory of the device for their handles.
        "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_NOT_INITIALIZED",
    ];

    // Not all that begins with "CUDA error": a network that cuDNN has no kernel for would else put one device after the other aside.
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

    // The first line is what happened; those below it are advice to programmers and a stack.
    private static string OneLine(Exception cause)
    {
        var line = cause.Message.Split('\n', 2)[0].Trim();
        return line.Length <= LongestReason ? line : line[..LongestReason] + "...";
    }
}
