using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Worker;

/// <summary>Reads what an atlas's manifest says about the machines that worked on it.</summary>
internal static class ThisMachine
{
    private const string CpuFile = "/proc/cpuinfo";

    /// <summary>Returns the facts of this machine and one of its devices.</summary>
    public static MachineFacts With(ComputeDevice device) => new()
    {
        Host = Environment.MachineName,
        Device = device.Name,
        Cpu = File.Exists(CpuFile) ? CpuIn(File.ReadLines(CpuFile)) : null,
        Processors = Environment.ProcessorCount,
        Threads = torch.get_num_threads(),
        // In a container this is its memory limit.
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Os = RuntimeInformation.OSDescription,
        Dotnet = RuntimeInformation.FrameworkDescription,
        Libtorch = torch.__version__,
        Software = $"VizPipeline {VizTelemetry.Version}",
    };

    /// <summary>Returns the name of the processor in the lines of <c>/proc/cpuinfo</c>; null if there is none.</summary>
    internal static string? CpuIn(IEnumerable<string> lines)
        => lines.FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim();
}
