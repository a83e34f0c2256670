using System.ComponentModel.DataAnnotations;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>What a worker runs on. Section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Worker";

    /// <summary>The name of the queue of live requests in <see cref="Kinds"/>.</summary>
    public const string Live = "live";

    /// <summary>
    /// Where it computes: <c>auto</c> and <c>cuda:all</c> (all CUDA devices that it sees, <c>auto</c> the CPU where there is none),
    /// <c>cpu</c>,
    /// <c>cuda</c> (the first), or a list such as <c>cuda:0,cuda:2</c>. One job at a time on each device.
    /// </summary>
    /// <value>auto</value>
    [RegularExpression(TorchDevice.Pattern, ErrorMessage = "Worker:Device must be " + TorchDevice.Choices)]
    public string Device { get; set; } = "auto";

    /// <summary>The name under which its work is recorded.</summary>
    /// <value>machine name and process id</value>
    [Required(ErrorMessage = "Worker:Name is empty")]
    public string Name { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The kinds of jobs that it does, with commas, and <c>live</c> for requests of people. Empty for all.</summary>
    [KindList]
    public string Kinds { get; set; } = "";

    /// <summary>
    /// Folder of the decoded-crop cache and of fetched networks and archives; null for the default, an empty text for no cache of crops.
    /// </summary>
    public string? CacheFolder { get; set; }

    /// <summary>
    /// Most bytes that all it keeps on disk may take: decoded crops (at most half of it), archives of images, networks. Workers that
    /// share the folder share
    /// the bound. Null for 16 GiB or a quarter of the disk, whichever is less.
    /// </summary>
    [Range(1L << 20, 1L << 50, ErrorMessage = "Worker:DiskBytes must be from 1048576")]
    public long? DiskBytes { get; set; }

    /// <summary>Threads that decode pictures ahead of the network; several devices share them.</summary>
    /// <value>number of processors</value>
    [Range(1, 1024, ErrorMessage = "Worker:Readers must be from 1 to 1024")]
    public int Readers { get; set; } = Environment.ProcessorCount;

    /// <summary>How long a stop waits for the job in hand; after that it is given back and another worker begins it anew.</summary>
    /// <value>150 s, longer than jobs are planned to take</value>
    [Range(0, 86_400, ErrorMessage = "Worker:ShutdownSeconds must be from 0 to 86400")]
    public int ShutdownSeconds { get; set; } = 150;

    /// <summary>
    /// The worker ends, with exit code 0, when it has had no job for so long and the coordinator says that none is left for it; null for
    /// never.
    /// </summary>
    /// <value>never</value>
    [Range(
        typeof(TimeSpan), "00:00:01", "7.00:00:00",
        ErrorMessage = "Worker:ExitWhenIdle must be from 00:00:01 to 7.00:00:00, e.g. 00:10:00 for ten minutes")]
    public TimeSpan? ExitWhenIdle { get; set; }

    /// <summary>The least time between two reports of progress within a job.</summary>
    public TimeSpan ProgressPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a command may wait for the busy device before it goes back to its queue; null where there is nobody else to take it.</summary>
    public TimeSpan? PassOnAfter { get; set; }

    /// <summary>How long a worker rests after a failure that is not the job's fault, such as a full disk of its own, so that others take the jobs meanwhile.</summary>
    /// <value>30 s on a cluster; none in one process, where there is nobody else</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = "Worker:Rest must be from 00:00:00 to 01:00:00")]
    public TimeSpan? Rest { get; set; }

    /// <summary>Sets what a cluster needs: others can take a command, and fewer messages.</summary>
    public void ShareBus()
    {
        (PassOnAfter, ProgressPause) = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        Rest ??= TimeSpan.FromSeconds(30);
    }

    /// <summary>What it keeps on disk, even where crops are not cached.</summary>
    public DiskBudget Disk() => new(CacheFolder is { Length: > 0 } own ? own : null, DiskBytes);

    /// <summary>The names of the queues that it serves.</summary>
    public IEnumerable<string> KindNames()
    {
        var names = Kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 ? names : [.. JobKinds.Names, Live];
    }
}

/// <summary>Checks a list of job kinds.</summary>
internal sealed class KindListAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is not string kinds
        || kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).All(Choices().Contains);

    public override string FormatErrorMessage(string name) => $"Worker:Kinds must be a list of {string.Join(", ", Choices())}, with commas";

    private static IEnumerable<string> Choices() => JobKinds.Names.Append(WorkerOptions.Live);
}
