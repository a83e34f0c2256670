using System.Runtime.InteropServices;

namespace VizPipeline.Cli.Doctor;

/// <summary>Checks the machine, its system libraries and the .NET runtime.</summary>
internal static partial class MachineChecks
{
    private const long Gibibyte = 1L << 30;
    private static readonly Version OldestGlibc = new(2, 28);

    public static IEnumerable<CheckResult> Run() =>
    [
        CheckResult.Run("system", Platform),
        CheckResult.Run("glibc", Glibc),
        CheckResult.Run("processors", () => Environment.ProcessorCount > 1
            ? (Health.Ok, $"{Environment.ProcessorCount}")
            : (Health.Warn, "1: decoding and inference share it; more processors make atlases faster")),
        CheckResult.Run("memory", Memory),
        CheckResult.Run(".NET", () => (Health.Ok, RuntimeInformation.FrameworkDescription)),
    ];

    private static (Health, string) Platform()
    {
        var name = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        return OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
            ? (Health.Ok, name)
            : (Health.Fail, $"{name}: the native libraries need Linux x64; use such a machine or container");
    }

    private static (Health, string) Glibc()
    {
        try
        {
            var text = Marshal.PtrToStringUTF8(GnuLibcVersion()) ?? "";
            return Version.TryParse(text, out var version) && version < OldestGlibc
                ? (Health.Fail, $"{text}: libtorch needs {OldestGlibc} or newer; use a newer system or container")
                : (Health.Ok, text);
        }
        catch (Exception missing) when (missing is EntryPointNotFoundException or DllNotFoundException)
        {
            return (Health.Fail, "none (Alpine's musl?): libtorch needs glibc; use a container based on Debian or Ubuntu");
        }
    }

    private static (Health, string) Memory()
    {
        // In a container this is its memory limit.
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var text = $"{(double)bytes / Gibibyte:0.0} GiB";
        return bytes < 2 * Gibibyte ? (Health.Warn, $"{text}: large networks need more, or a smaller --batch") : (Health.Ok, text);
    }

    [LibraryImport("libc", EntryPoint = "gnu_get_libc_version")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial IntPtr GnuLibcVersion();
}
