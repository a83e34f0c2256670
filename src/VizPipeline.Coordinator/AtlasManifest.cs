using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>
/// A permanent record of an atlas's origin and cost. It is written under <see cref="AtlasKeys.Manifest"/> when the atlas has ended.
/// </summary>
public sealed record AtlasManifest
{
    /// <summary>The version of this schema.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The program and its version.</summary>
    public required string Software { get; init; }

    /// <summary>The version of libtorch; null if the workers have their own.</summary>
    public string? Libtorch { get; init; }

    /// <summary>The final state.</summary>
    public required AtlasState State { get; init; }

    /// <summary>When the atlas ended, UTC.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>The hash of everything that defines the atlas.</summary>
    public required string SpecHash { get; init; }

    /// <summary>The spec that defines the atlas.</summary>
    public required AtlasSpec Spec { get; init; }

    /// <summary>Seconds of work by kind of job.</summary>
    public required IReadOnlyDictionary<JobKind, double> SecondsByKind { get; init; }

    /// <summary>The jobs that were given up.</summary>
    public required IReadOnlyList<ManifestFailure> Failures { get; init; }

    /// <summary>Creates the manifest of an atlas that has ended.</summary>
    public static AtlasManifest Of(AtlasSpec spec, AtlasResult outcome, string version, string? libtorch = null)
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
