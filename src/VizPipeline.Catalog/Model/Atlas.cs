namespace VizPipeline.Catalog;

/// <summary>One atlas.</summary>
public sealed class Atlas
{
    /// <summary>Number within this catalog.</summary>
    public int Id { get; set; }

    /// <summary>The atlas's id everywhere else: in specs, keys, addresses.</summary>
    public required string Slug { get; set; }

    /// <summary>The name that people read.</summary>
    public required string Name { get; set; }

    /// <summary>Hash of what determines the results.</summary>
    public required string SpecHash { get; set; }

    /// <summary>The whole spec as JSON.</summary>
    public required string Spec { get; set; }

    /// <summary>Whether jobs are still to be done.</summary>
    public AtlasState State { get; set; }

    /// <summary>When it was planned, UTC.</summary>
    public DateTime CreatedAt { get; set; }

    /// <summary>When the last job ended, UTC; null while it runs.</summary>
    public DateTime? FinishedAt { get; set; }

    /// <summary>Seconds of work by kind of job, as JSON; null while it runs.</summary>
    public string? SecondsByKind { get; set; }

    /// <summary>Larger is sooner, 0 unless someone asked.</summary>
    public int Priority { get; set; }

    /// <summary>When someone cancelled it, UTC; null otherwise.</summary>
    public DateTime? CancelledAt { get; set; }
}

/// <summary>States of an atlas. Stored by name: names are only ever added.</summary>
public enum AtlasState
{
    /// <summary>Jobs are still to be done.</summary>
    Running,

    /// <summary>All jobs are done.</summary>
    Completed,

    /// <summary>All jobs that could be done are done; the failed and blocked ones are listed.</summary>
    CompletedWithFailures,

    /// <summary>Someone cancelled it; what was done until then stays.</summary>
    Cancelled,
}
