using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One worker as it last told of itself.</summary>
public sealed class WorkerNode
{
    /// <summary>The worker's name, unique among those that run.</summary>
    public required string Name { get; set; }

    /// <summary>The machine, or the pod, that it runs on.</summary>
    public required string Host { get; set; }

    /// <summary>What it computes on, for people.</summary>
    public required string Device { get; set; }

    /// <summary>On how many devices it does jobs at once, those that are set aside not counted.</summary>
    public int Devices { get; set; } = 1;

    /// <summary>Version of its program.</summary>
    public required string SoftwareVersion { get; set; }

    /// <summary>The kinds of jobs that it takes, by name, with commas between.</summary>
    public required string Kinds { get; set; }

    /// <summary>What it does.</summary>
    public WorkerState State { get; set; }

    /// <summary>When it started, UTC.</summary>
    public DateTime StartedAt { get; set; }

    /// <summary>When it was last heard of, UTC.</summary>
    public DateTime LastSeenAt { get; set; }

    /// <summary>Atlas of the job in hand; null when it has none.</summary>
    public string? AtlasSlug { get; set; }

    /// <summary>Number of the job in hand; null when it has none.</summary>
    public long? JobId { get; set; }

    /// <summary>Jobs done since it started.</summary>
    public long JobsDone { get; set; }

    /// <summary>Process id on its host.</summary>
    public int ProcessId { get; set; }

    /// <summary>Memory that the process holds, in bytes.</summary>
    public long MemoryBytes { get; set; }
}
