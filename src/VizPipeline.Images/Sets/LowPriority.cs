using System.Runtime.InteropServices;

namespace VizPipeline.Images;

/// <summary>
/// Threads that only take what others leave of the processor. A decoder that displaces one of the forward pass's threads makes all of
/// them wait at the next barrier. .NET's own thread priorities do nothing on Linux.
/// </summary>
internal static partial class LowPriority
{
    private const int Process = 0, Nice = 15;

    /// <summary>Lowers the calling thread for the rest of its life: never on a pool thread. Where the system refuses, it only costs speed.</summary>
    public static void EnterThread()
    {
        if (OperatingSystem.IsLinux())
            _ = setpriority(Process, 0, Nice);
    }

    // Linux takes 0 for the calling thread, not the process.
    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setpriority(int which, uint who, int priority);
}
