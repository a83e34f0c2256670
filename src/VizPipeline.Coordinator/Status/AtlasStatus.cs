using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>The status of an atlas, as printed by <c>viz status</c>. The property names are part of the public JSON format.</summary>
public sealed record AtlasStatus
{
    private const int UnreadableShown = 10;

    /// <summary>The atlas's id.</summary>
    public required string Id { get; init; }

    /// <summary>The display name.</summary>
    public required string Name { get; init; }

    /// <summary>The state of the atlas.</summary>
    public required AtlasState State { get; init; }

    /// <summary>When the atlas was planned, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When the last job ended, UTC; null while the atlas runs.</summary>
    public required DateTime? FinishedAt { get; init; }

    /// <summary>
    /// When a job last started or ended, UTC. If an atlas is "running" without recent activity, its processing was stopped.
    /// </summary>
    public required DateTime? LastActivityAt { get; init; }

    /// <summary>The number of observed layers.</summary>
    public required int Layers { get; init; }

    /// <summary>The number of neurons in all layers.</summary>
    public required long Neurons { get; init; }

    /// <summary>The number of images in the set.</summary>
    public required int Images { get; init; }

    /// <summary>One entry per kind of job, in the order of the kinds.</summary>
    public required IReadOnlyList<StageStatus> Stages { get; init; }

    /// <summary>The jobs that were given up or are blocked.</summary>
    public required IReadOnlyList<FailedJob> Failures { get; init; }

    /// <summary>The number of skipped images.</summary>
    public required int UnreadableImages { get; init; }

    /// <summary>The first skipped images.</summary>
    public required IReadOnlyList<UnreadableFile> FirstUnreadable { get; init; }

    /// <summary>How often the network is right about the labelled images; null if unknown.</summary>
    public NetworkAccuracy? Accuracy { get; init; }

    /// <summary>Jobs that are ready but whose kinds no live worker of the cluster serves; empty if one process runs everything.</summary>
    public IReadOnlyList<UnservedJobs> Unserved { get; init; } = [];

    /// <summary>Seconds of work of all completed jobs.</summary>
    public required double Seconds { get; init; }

    /// <summary>Reads the status from the catalog.</summary>
    public static async Task<AtlasStatus> ReadAsync(CatalogContext catalog, Atlas atlas, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        var (id, spec) = (atlas.Id, atlas.ReadSpec());
        var counts = await catalog.CountJobsAsync(id, cancellation);
        var unreadable = await catalog.UnreadableImagesAsync(id, cancellation);
        var jobs = catalog.Jobs.Where(job => job.AtlasId == id);
        DateTime?[] activity = [await jobs.MaxAsync(job => job.StartedAt, cancellation), await jobs.MaxAsync(
            job => job.FinishedAt, cancellation)];
        return new AtlasStatus
        {
            Id = spec.Id,
            Name = spec.Name,
            State = atlas.State,
            CreatedAt = atlas.CreatedAt,
            FinishedAt = atlas.FinishedAt,
            LastActivityAt = activity.Max(),
            Layers = spec.Layers.Count,
            Neurons = spec.NeuronCount(),
            Images = spec.Images.Count,
            Stages = [.. counts.GroupBy(count => count.Kind).OrderBy(stage => stage.Key).Select(
                stage => StageStatus.Of(stage.Key, [.. stage]))],
            Failures = [.. (await catalog.FailuresAsync(id, cancellation)).Select(job => FailedJob.Describe(job, spec))],
            UnreadableImages = unreadable.Count,
            FirstUnreadable = [.. unreadable.Take(UnreadableShown).Select(
                image => new UnreadableFile(image.Path, image.UnreadableReason!))],
            Seconds = counts.Sum(count => count.Seconds),
            Accuracy = await NetworkAccuracy.ReadAsync(catalog, atlas, cancellation),
        };
    }
}

/// <summary>The status of the jobs of one kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Total">The number of jobs.</param>
/// <param name="Done">The number of completed jobs.</param>
/// <param name="Running">The number of running jobs.</param>
/// <param name="Waiting">The number of jobs that have not started.</param>
/// <param name="Failed">The number of jobs that were given up.</param>
/// <param name="Blocked">The number of jobs that never started because a dependency was given up.</param>
/// <param name="UnitsDone">The work of completed jobs.</param>
/// <param name="UnitsTotal">The work of all jobs.</param>
/// <param name="Seconds">The total duration of completed jobs.</param>
public sealed record StageStatus(
    JobKind Kind, int Total, int Done, int Running, int Waiting, int Failed, int Blocked, long UnitsDone, long UnitsTotal, double Seconds)
{
    /// <summary>Sums the counts of one kind.</summary>
    public static StageStatus Of(JobKind kind, IReadOnlyList<JobCount> counts)
    {
        int Jobs(params JobState[] states) => counts.Where(count => states.Contains(count.State)).Sum(count => count.Jobs);
        return new StageStatus(
            kind,
            counts.Sum(count => count.Jobs),
            Jobs(JobState.Completed),
            Jobs(JobState.Running),
            Jobs(JobState.Waiting, JobState.Pending, JobState.Sent),
            Jobs(JobState.Failed),
            Jobs(JobState.Blocked),
            counts.Where(count => count.State == JobState.Completed).Sum(count => count.Units),
            counts.Sum(count => count.Units),
            counts.Sum(count => count.Seconds));
    }
}

/// <summary>A skipped image.</summary>
/// <param name="Path">Its path in the set.</param>
/// <param name="Reason">The reason why it was skipped.</param>
public sealed record UnreadableFile(string Path, string Reason);
