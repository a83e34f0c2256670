using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>How an atlas stands, as <c>viz status</c> tells it. Property names are a promise to readers of its JSON.</summary>
public sealed record AtlasStatus
{
    private const int UnreadableShown = 10;

    /// <summary>The atlas's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name that people read.</summary>
    public required string Name { get; init; }

    /// <summary>Its state.</summary>
    public required AtlasState State { get; init; }

    /// <summary>When it was planned, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When the last job ended, UTC; null while it runs.</summary>
    public required DateTime? FinishedAt { get; init; }

    /// <summary>When a job last began or ended; an atlas that "runs" but has long been quiet was stopped.</summary>
    public required DateTime? LastActivityAt { get; init; }

    /// <summary>Observed layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Neurons of all layers.</summary>
    public required long Neurons { get; init; }

    /// <summary>Images of the set.</summary>
    public required int Images { get; init; }

    /// <summary>One entry per kind of job, in the order of the kinds.</summary>
    public required IReadOnlyList<StageStatus> Stages { get; init; }

    /// <summary>The jobs that were given up or are blocked.</summary>
    public required IReadOnlyList<FailedJob> Failures { get; init; }

    /// <summary>Images that were skipped.</summary>
    public required int UnreadableImages { get; init; }

    /// <summary>The first of them.</summary>
    public required IReadOnlyList<UnreadableFile> FirstUnreadable { get; init; }

    /// <summary>
    /// Jobs that could be done now, of kinds that no live worker of the cluster serves; none where one process does everything.
    /// </summary>
    public IReadOnlyList<UnservedJobs> Unserved { get; init; } = [];

    /// <summary>Seconds of work of all completed jobs.</summary>
    public required double Seconds { get; init; }

    /// <summary>Reads it from the catalog.</summary>
    public static async Task<AtlasStatus> ReadAsync(CatalogContext catalog, Atlas atlas, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        var (id, spec) = (atlas.Id, VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(atlas.Spec)));
        var counts = await catalog.CountJobsAsync(id, cancellation);
        var unreadable = await catalog.UnreadableImagesAsync(id, cancellation);
        var jobs = catalog.Jobs.Where(job => job.AtlasId == id);
        DateTime?[] activity = [await jobs.MaxAsync(job => job.StartedAt, cancellation), await jobs.MaxAsync(job => job.FinishedAt, cancellation)];
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
            Stages = [.. counts.GroupBy(count => count.Kind).OrderBy(stage => stage.Key).Select(stage => StageStatus.Of(stage.Key, [.. stage]))],
            Failures = [.. (await catalog.FailuresAsync(id, cancellation)).Select(job => FailedJob.Describe(job, spec))],
            UnreadableImages = unreadable.Count,
            FirstUnreadable = [.. unreadable.Take(UnreadableShown).Select(image => new UnreadableFile(image.Path, image.UnreadableReason!))],
            Seconds = counts.Sum(count => count.Seconds),
        };
    }
}

/// <summary>The jobs of one kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Total">All jobs.</param>
/// <param name="Done">Completed.</param>
/// <param name="Running">In a worker's hand.</param>
/// <param name="Waiting">Not begun.</param>
/// <param name="Failed">Given up.</param>
/// <param name="Blocked">Never begun, as a job before them was given up.</param>
/// <param name="UnitsDone">Work of the completed ones.</param>
/// <param name="UnitsTotal">Work of all.</param>
/// <param name="Seconds">Seconds that the completed ones took.</param>
public sealed record StageStatus(JobKind Kind, int Total, int Done, int Running, int Waiting, int Failed, int Blocked, long UnitsDone, long UnitsTotal, double Seconds)
{
    /// <summary>Sums the counts of one kind up.</summary>
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

/// <summary>An image that was skipped.</summary>
/// <param name="Path">Its path in the set.</param>
/// <param name="Reason">Why.</param>
public sealed record UnreadableFile(string Path, string Reason);
