using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>The last report of a worker.</summary>
public sealed class WorkerNode
{
    /// <summary>The worker's name, unique among running workers.</summary>
    public required string Name { get; set; }

    /// <summary>The machine or pod it runs on.</summary>
    public required string Host { get; set; }

    /// <summary>What it computes on, for display.</summary>
    public required string Device { get; set; }

    /// <summary>Number of devices that run jobs, without those set aside.</summary>
    public int Devices { get; set; } = 1;

    /// <summary>Version of the software.</summary>
    public required string SoftwareVersion { get; set; }

    /// <summary>Names of the kinds of jobs it takes, separated by commas.</summary>
    public required string Kinds { get; set; }

    /// <summary>The state.</summary>
    public WorkerState State { get; set; }

    /// <summary>When it started, UTC.</summary>
    public DateTime StartedAt { get; set; }

    /// <summary>When it last reported, UTC.</summary>
    public DateTime LastSeenAt { get; set; }

    /// <summary>Atlas of the current job; null if idle.</summary>
    public string? AtlasSlug { get; set; }

    /// <summary>Number of the current job; null if idle.</summary>
    public long? JobId { get; set; }

    /// <summary>Jobs done since it started.</summary>
    public long JobsDone { get; set; }

    /// <summary>Process id on its host.</summary>
    public int ProcessId { get; set; }

    /// <summary>Memory used by the process, in bytes.</summary>
    public long MemoryBytes { get; set; }
}
