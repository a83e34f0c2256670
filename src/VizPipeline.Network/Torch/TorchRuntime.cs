using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;

namespace VizPipeline.Network.Torch;

/// <summary>libtorch cannot be loaded on this machine. The message says why and what to install.</summary>
public sealed class TorchUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Starts libtorch once per process, before anything else uses it: sets allocator and thread options that only take effect before loading,
/// and works around TorchSharp's requirement of a newer libstdc++ than Debian 12 and RHEL 9 have.
/// </summary>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static bool _started;

    /// <summary>After the start: whether a patched copy of TorchSharp's library had to be used.</summary>
    public static bool UsedPatchedLibrary { get; private set; }

    /// <summary>
    /// Whether the bundled libtorch can use CUDA devices; true also for an unknown libtorch from elsewhere. Loads nothing.
    /// </summary>
    public static bool CarriesCuda => FindNativeFolder() is not { } folder || File.Exists(Path.Combine(folder, "libtorch_cuda.so"));

    /// <summary>Loads libtorch. Further calls are cheap.</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static void Start()
    {
        lock (Gate)
        {
            if (_started)
                return;
            if (OperatingSystem.IsLinux())
            {
                Tune();
                LoadNative();
            }
            try
            {
                torch.InitializeDeviceType(DeviceType.CPU);
                // torch asks OpenMP, which ignores a container's CPU limit; .NET respects it.
                torch.set_num_threads(Threads);
            }
            catch (Exception fault) when (fault is TypeInitializationException or NotSupportedException
                or DllNotFoundException or BadImageFormatException)
            {
                throw new TorchUnavailableException(
                    $"libtorch could not be started: {(fault.InnerException ?? fault).Message.ReplaceLineEndings(" ")}", fault);
            }
            _started = true;
        }
    }

    /// <summary>Number of processors that torch may use: <c>OMP_NUM_THREADS</c>, else all that this process may use.</summary>
    internal static int Threads =>
        int.TryParse(
            Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
            && threads > 0
            ? threads : Environment.ProcessorCount;

    private static void Tune()
    {
        // Spinning OpenMP threads are very slow on shared cores: 8 -> 63 images/s measured without spinning. libgomp reads this when it is
        // loaded.
        _ = setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
        // cuBLAS gives the same bits from run to run only with a workspace of fixed size.
        _ = setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
        // Keep freed memory: returning large blocks to the system costs up to a factor of 2 in page faults. The arenas of threads other
        // than the first return large blocks whatever the thresholds; with a limit of one arena, new threads use the first one.
        const int mmapMax = -4, trimThreshold = -1, arenaMax = -8;
        try
        {
            _ = mallopt(arenaMax, 1);
            _ = mallopt(mmapMax, 0);
            _ = mallopt(trimThreshold, int.MaxValue);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no mallopt; that only costs speed.
        }
    }

    private static void LoadNative()
    {
        var folder = FindNativeFolder();
        if (folder is null)
            return; // a system-wide or LD_LIBRARY_PATH libtorch: TorchSharp finds it by name
        foreach (var library in (string[])["libtorch_cpu.so", "libtorch.so"])
        {
            var path = Path.Combine(folder, library);
            if (File.Exists(path))
                Load(path);
        }
        var shim = Path.Combine(folder, "libLibTorchSharp.so");
        if (!File.Exists(shim) || NativeLibrary.TryLoad(shim, out _))
            return;
        LoadPatched(shim);
        UsedPatchedLibrary = true;
    }

    private static string? FindNativeFolder()
    {
        var searched = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] folders = [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
            .. searched];
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "libLibTorchSharp.so")));
    }

    private static void Load(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception fault) when (fault is DllNotFoundException or BadImageFormatException)
        {
            throw new TorchUnavailableException(
                $"{Path.GetFileName(path)} cannot be loaded: {fault.Message.ReplaceLineEndings(" ").Trim()} "
                + "VizPipeline needs Linux x64 with glibc 2.28 or newer and libstdc++ (Debian, Ubuntu: apt-get install libstdc++6)", fault);
        }
    }

    // dlopen matches by the library's own name, so TorchSharp finds this copy already loaded. A loaded file may be deleted.
    private static void LoadPatched(string shim)
    {
        var folder = Directory.CreateTempSubdirectory("viz-native-");
        try
        {
            var copy = Path.Combine(folder.FullName, "libLibTorchSharp.so");
            var image = File.ReadAllBytes(shim);
            ElfVersionNeeds.Weaken(image, "GLIBCXX_3.4.32");
            File.WriteAllBytes(copy, image);
            Load(copy);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, CA2101 // libc's own names; the marshalling above is what CA2101 asks for
    private static extern int setenv(string name, string value, int overwrite);
#pragma warning restore CA2101

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mallopt(int parameter, int value);
#pragma warning restore IDE1006
}
