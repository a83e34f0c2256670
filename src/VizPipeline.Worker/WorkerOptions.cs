using System.ComponentModel.DataAnnotations;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>Settings of a worker. Section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Worker";

    /// <summary>The name of the queue of live requests in <see cref="Kinds"/>.</summary>
    public const string Live = "live";

    /// <summary>
    /// The devices to compute on: <c>auto</c> (all visible CUDA devices, or the CPU if there are none), <c>cuda:all</c>, <c>cpu</c>,
    /// <c>cuda</c> (the first), or a list such as <c>cuda:0,cuda:2</c>. Each device runs one job at a time.
    /// </summary>
    /// <value>auto</value>
    [RegularExpression(TorchDevice.Pattern, ErrorMessage = "Worker:Device must be " + TorchDevice.Choices)]
    public string Device { get; set; } = "auto";

    /// <summary>The name under which the worker's jobs are recorded.</summary>
    /// <value>machine name and process id</value>
    [Required(ErrorMessage = "Worker:Name is empty")]
    public string Name { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The kinds of jobs to run, separated by commas, and <c>live</c> for live requests. Empty for all.</summary>
    [KindList]
    public string Kinds { get; set; } = "";

    /// <summary>
    /// The folder for cached crops and downloaded networks and archives; null for the default, empty to disable the cache of crops.
    /// </summary>
    public string? CacheFolder { get; set; }

    /// <summary>
    /// Maximum number of bytes on disk for decoded crops (at most half of it), image archives and networks. Workers that share the folder
    /// share the limit. Null for 16 GiB or a quarter of the disk, whichever is less.
    /// </summary>
    [Range(1L << 20, 1L << 50, ErrorMessage = "Worker:DiskBytes must be from 1048576")]
    public long? DiskBytes { get; set; }

    /// <summary>Number of threads that decode pictures ahead of the network, shared by all devices.</summary>
    /// <value>number of processors</value>
    [Range(1, 1024, ErrorMessage = "Worker:Readers must be from 1 to 1024")]
    public int Readers { get; set; } = Environment.ProcessorCount;

    /// <summary>How long a stop waits for running jobs. After that, a job is returned and another worker starts it again.</summary>
    /// <value>150 s, longer than the planned duration of a job</value>
    [Range(0, 86_400, ErrorMessage = "Worker:ShutdownSeconds must be from 0 to 86400")]
    public int ShutdownSeconds { get; set; } = 150;

    /// <summary>
    /// The worker exits with code 0 after it has been idle for this long and the coordinator has no jobs left for it; null to keep running.
    /// </summary>
    /// <value>never</value>
    [Range(
        typeof(TimeSpan), "00:00:01", "7.00:00:00",
        ErrorMessage = "Worker:ExitWhenIdle must be from 00:00:01 to 7.00:00:00, e.g. 00:10:00 for ten minutes")]
    public TimeSpan? ExitWhenIdle { get; set; }

    /// <summary>Minimum interval between two progress reports of a job.</summary>
    public TimeSpan ProgressPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a command may wait for a busy device before it returns to its queue; null if there is no other worker.</summary>
    public TimeSpan? PassOnAfter { get; set; }

    /// <summary>
    /// How long a worker pauses after a failure that is not the job's fault, such as a full local disk, so that other workers take the
    /// jobs.
    /// </summary>
    /// <value>30 s on a cluster; none in one process, where there are no other workers</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = "Worker:Rest must be from 00:00:00 to 01:00:00")]
    public TimeSpan? Rest { get; set; }

    /// <summary>Applies the defaults of a cluster: other workers can take a command, and fewer messages are sent.</summary>
    public void UseClusterDefaults()
    {
        (PassOnAfter, ProgressPause) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        Rest ??= TimeSpan.FromSeconds(30);
    }

    /// <summary>Returns the disk budget, which applies even if crops are not cached.</summary>
    public DiskBudget Disk() => new(CacheFolder is { Length: > 0 } own ? own : null, DiskBytes);

    /// <summary>Returns the names of the queues to serve.</summary>
    public IEnumerable<string> KindNames()
    {
        var names = Kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 ? names : [.. JobKinds.Names, Live];
    }
}

/// <summary>Validates a list of job kinds.</summary>
internal sealed class KindListAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is not string kinds
        || kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).All(Choices().Contains);

    public override string FormatErrorMessage(string name) => $"Worker:Kinds must be a list of {string.Join(", ", Choices())}, with commas";

    private static IEnumerable<string> Choices() => JobKinds.Names.Append(WorkerOptions.Live);
}
