using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>One atlas.</summary>
public sealed class Atlas
{
    /// <summary>Its number within this catalog.</summary>
    public int Id { get; set; }

    /// <summary>Its id everywhere else: in specs, keys and addresses.</summary>
    public required string Slug { get; set; }

    /// <summary>Its display name.</summary>
    public required string Name { get; set; }

    /// <summary>Hash of everything that determines the results.</summary>
    public required string SpecHash { get; set; }

    /// <summary>The whole spec as JSON.</summary>
    public required string Spec { get; set; }

    /// <summary>Whether jobs remain.</summary>
    public AtlasState State { get; set; }

    /// <summary>When it was planned, UTC.</summary>
    public DateTime CreatedAt { get; set; }

    /// <summary>When the last job ended, UTC; null while it runs.</summary>
    public DateTime? FinishedAt { get; set; }

    /// <summary>Seconds of work by kind of job, as JSON; null while it runs.</summary>
    public string? SecondsByKind { get; set; }

    /// <summary>Priority: higher is sooner, 0 by default.</summary>
    public int Priority { get; set; }

    /// <summary>When it was cancelled, UTC; null otherwise.</summary>
    public DateTime? CancelledAt { get; set; }

    /// <summary>Reads <see cref="Spec"/>.</summary>
    /// <exception cref="CorruptTableException">It is damaged.</exception>
    public AtlasSpec ReadSpec() => VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(Spec));
}

/// <summary>The states of an atlas. Stored by name: add names, but never rename or remove one.</summary>
public enum AtlasState
{
    /// <summary>Jobs remain.</summary>
    Running,

    /// <summary>All jobs are done.</summary>
    Completed,

    /// <summary>All jobs that could run are done; the failed and blocked ones are listed.</summary>
    CompletedWithFailures,

    /// <summary>Cancelled by a user; results up to then are kept.</summary>
    Cancelled,
}
