using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Where an atlas comes from and what it cost, for whoever finds it in a year. Written when it has ended, under <see cref="AtlasKeys.Manifest"/>.</summary>
public sealed record AtlasManifest
{
    /// <summary>Version of this form.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The program and its version.</summary>
    public required string Software { get; init; }

    /// <summary>Version of libtorch; null where workers have their own.</summary>
    public string? Libtorch { get; init; }

    /// <summary>How it ended.</summary>
    public required AtlasState State { get; init; }

    /// <summary>When, UTC.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>Hash of all that determines it.</summary>
    public required string SpecHash { get; init; }

    /// <summary>What determines it.</summary>
    public required AtlasSpec Spec { get; init; }

    /// <summary>Seconds of work by kind of job.</summary>
    public required IReadOnlyDictionary<JobKind, double> SecondsByKind { get; init; }

    /// <summary>Jobs that were given up.</summary>
    public required IReadOnlyList<ManifestFailure> Failures { get; init; }

    /// <summary>The manifest of an atlas that has ended.</summary>
    public static AtlasManifest Of(AtlasSpec spec, AtlasOutcome outcome, string version, string? libtorch = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(outcome);
        return new AtlasManifest
        {
            Software = $"VizPipeline {version}",
            Libtorch = libtorch,
            State = outcome.State,
            FinishedAt = outcome.FinishedAt,
            SpecHash = spec.Hash(),
            Spec = spec,
            SecondsByKind = outcome.SecondsByKind,
            Failures = [.. outcome.Failures.Select(job => new ManifestFailure(job.Kind, job.JobId, job.Error))],
        };
    }
}

/// <summary>A job that was given up.</summary>
public sealed record ManifestFailure(JobKind Kind, long JobId, string? Error);
