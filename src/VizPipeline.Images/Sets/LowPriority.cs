using System.Runtime.InteropServices;

namespace VizPipeline.Images;

/// <summary>
/// Runs threads at low priority, so that they only use idle processor time. A decoder that displaces one of the forward pass's threads
/// makes all of them wait at the next barrier. .NET's own thread priorities have no effect on Linux.
/// </summary>
internal static partial class LowPriority
{
    private const int Process = 0, Nice = 15;

    /// <summary>
    /// Lowers the calling thread's priority permanently; never call it on a pool thread. A refusal by the system only costs speed.
    /// </summary>
    public static void EnterThread()
    {
        if (OperatingSystem.IsLinux())
            _ = setpriority(Process, 0, Nice);
    }

    // On Linux, 0 means the calling thread, not the process.
    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setpriority(int which, uint who, int priority);
}
