using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Coordinator;

/// <summary>How the coordinator sends jobs and forgives failures.</summary>
public sealed class CoordinatorOptions
{
    /// <summary>Failures after which a job is given up.</summary>
    /// <value>3</value>
    [Range(1, 100)]
    public int MaxFailures { get; set; } = 3;

    /// <summary>Wait after a job's first transient failure.</summary>
    /// <value>5 seconds</value>
    /// <remarks>It doubles with each further one, up to <see cref="LongestRetryDelay"/>. Failures that waiting does not heal are tried again at once.</remarks>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait before a retry.</summary>
    /// <value>5 minutes</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Jobs of all kinds that may be sent and unanswered at a time.</summary>
    /// <value>2: one device works on one and the next lies ready</value>
    /// <remarks>Twice the number of devices keeps them busy. More weakens the order of priorities and slows a cancellation down.</remarks>
    [Range(1, 100_000)]
    public int Outstanding { get; set; } = 2;

    /// <summary>Jobs of one kind that may be sent and unanswered at a time.</summary>
    /// <value>2</value>
    [Range(1, 100_000)]
    public int OutstandingPerKind { get; set; } = 2;

    /// <summary>Whether the catalog and the object store are one atlas's own folder, so that a second atlas is refused.</summary>
    /// <value>true</value>
    public bool SingleAtlas { get; set; } = true;
}
