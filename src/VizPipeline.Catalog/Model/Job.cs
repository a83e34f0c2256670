using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One job of an atlas. The table is the outbox: what is pending here is sent, whatever happens to the bus.</summary>
public sealed class Job
{
    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>The job's number in its atlas, from 1.</summary>
    public long JobId { get; set; }

    /// <summary>The kind.</summary>
    public JobKind Kind { get; set; }

    /// <summary>Index of the layer; null for scans. Jobs of one kind and layer are the group that others wait for.</summary>
    public int? LayerIndex { get; set; }

    /// <summary>Smaller is sent sooner.</summary>
    public int Priority { get; set; }

    /// <summary>How much work it is, see <see cref="PlannedJob.Units"/>.</summary>
    public int Units { get; set; }

    /// <summary>The command as JSON.</summary>
    public required string Payload { get; set; }

    /// <summary>Where it stands.</summary>
    public JobState State { get; set; }

    /// <summary>How often it was sent. An answer to an older sending is ignored.</summary>
    public int Attempt { get; set; }

    /// <summary>How often it failed since it was planned or retried by hand.</summary>
    public int Failures { get; set; }

    /// <summary>How often a worker died with it since it was planned or retried by hand.</summary>
    public int Losses { get; set; }

    /// <summary>Not to be sent before this, UTC; null for at once.</summary>
    public DateTime? NotBefore { get; set; }

    /// <summary>When it was last sent, UTC.</summary>
    public DateTime? SentAt { get; set; }

    /// <summary>Whether the broker has confirmed the latest sending. A sent job without it is sent again: the mark of the outbox.</summary>
    public bool Published { get; set; }

    /// <summary>When a worker last began it, UTC.</summary>
    public DateTime? StartedAt { get; set; }

    /// <summary>When it was completed or given up, UTC.</summary>
    public DateTime? FinishedAt { get; set; }

    /// <summary>Seconds of work of the attempt that completed.</summary>
    public double? ElapsedSeconds { get; set; }

    /// <summary>Seconds by phase of that attempt, as JSON.</summary>
    public string? Phases { get; set; }

    /// <summary>The worker that had it last.</summary>
    public string? Worker { get; set; }

    /// <summary>Key of the result's table.</summary>
    public string? ResultKey { get; set; }

    /// <summary>The last failure, in one line; kept after a later success.</summary>
    public string? Error { get; set; }
}

/// <summary>States of a job. Stored by name: names are only ever added.</summary>
public enum JobState
{
    /// <summary>Waits for other jobs.</summary>
    Waiting,

    /// <summary>Ready to be sent.</summary>
    Pending,

    /// <summary>On the bus.</summary>
    Sent,

    /// <summary>A worker has begun it.</summary>
    Running,

    /// <summary>Done, its result is in the catalog.</summary>
    Completed,

    /// <summary>Given up after too many failures.</summary>
    Failed,

    /// <summary>Never sent, because a job that it needs failed.</summary>
    Blocked,

    /// <summary>Not to be done any more, because its atlas was cancelled.</summary>
    Cancelled,
}
