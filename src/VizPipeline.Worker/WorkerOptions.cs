using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Worker;

/// <summary>What a worker runs on.</summary>
public sealed class WorkerOptions
{
    /// <summary>Where it computes: <c>auto</c> (CUDA where there is a device, else the CPU), <c>cpu</c> or <c>cuda</c>.</summary>
    /// <value>auto</value>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "device must be auto, cpu or cuda")]
    public string Device { get; set; } = "auto";

    /// <summary>The name under which its work is recorded.</summary>
    /// <value>machine name and process id</value>
    [Required]
    public string Name { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Folder of the decoded-crop cache; null for the default, an empty text for no cache.</summary>
    public string? CacheFolder { get; set; }

    /// <summary>Threads that decode pictures ahead of the network.</summary>
    /// <value>number of processors</value>
    [Range(1, 1024)]
    public int Readers { get; set; } = Environment.ProcessorCount;
}
