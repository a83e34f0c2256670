using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One job of an atlas. The table is an outbox: pending jobs are sent even after the bus has lost its messages.</summary>
public sealed class Job
{
    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>The job's number in its atlas, from 1.</summary>
    public long JobId { get; set; }

    /// <summary>The kind.</summary>
    public JobKind Kind { get; set; }

    /// <summary>Index of the layer; null for scans. Jobs of one kind and layer form a group, on which other groups depend.</summary>
    public int? LayerIndex { get; set; }

    /// <summary>Priority: smaller is sent sooner.</summary>
    public int Priority { get; set; }

    /// <summary>Amount of work, see <see cref="PlannedJob.Units"/>.</summary>
    public int Units { get; set; }

    /// <summary>The command as JSON.</summary>
    public required string Payload { get; set; }

    /// <summary>The state.</summary>
    public JobState State { get; set; }

    /// <summary>How often it was sent. Answers to earlier attempts are ignored.</summary>
    public int Attempt { get; set; }

    /// <summary>How often it failed since it was planned or retried by a user.</summary>
    public int Failures { get; set; }

    /// <summary>
    /// The worker of its last transient failure, whose disk, say, is full; null if there was none since it was planned or retried.
    /// </summary>
    public string? FailedOn { get; set; }

    /// <summary>How often its worker died since it was planned or retried by a user.</summary>
    public int Losses { get; set; }

    /// <summary>Earliest time to send it, UTC; null for now.</summary>
    public DateTime? NotBefore { get; set; }

    /// <summary>When it was last sent, UTC.</summary>
    public DateTime? SentAt { get; set; }

    /// <summary>Whether the broker has confirmed the latest sending. The outbox sends an unconfirmed job again.</summary>
    public bool Published { get; set; }

    /// <summary>When a worker last started it, UTC.</summary>
    public DateTime? StartedAt { get; set; }

    /// <summary>When it completed or failed for good, UTC.</summary>
    public DateTime? FinishedAt { get; set; }

    /// <summary>Seconds of work of the completed attempt.</summary>
    public double? ElapsedSeconds { get; set; }

    /// <summary>Seconds by phase of the completed attempt, as JSON.</summary>
    public string? Phases { get; set; }

    /// <summary>The last worker that ran it.</summary>
    public string? Worker { get; set; }

    /// <summary>Key of the result table.</summary>
    public string? ResultKey { get; set; }

    /// <summary>The last failure, in one line; kept after a later success.</summary>
    public string? Error { get; set; }
}

/// <summary>The states of a job. Stored by name: add names, but never rename or remove one.</summary>
public enum JobState
{
    /// <summary>Waits for other jobs.</summary>
    Waiting,

    /// <summary>Ready to be sent.</summary>
    Pending,

    /// <summary>On the bus.</summary>
    Sent,

    /// <summary>A worker has started it.</summary>
    Running,

    /// <summary>Done, and its result is in the catalog.</summary>
    Completed,

    /// <summary>Failed too often and given up.</summary>
    Failed,

    /// <summary>Never sent because a job that it depends on failed.</summary>
    Blocked,

    /// <summary>Dropped because its atlas was cancelled.</summary>
    Cancelled,
}
