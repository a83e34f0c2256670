using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Status;

/// <summary>How an atlas stands, as <c>viz status</c> tells it. Property names are a promise to readers of its JSON.</summary>
internal sealed record AtlasStatus
{
    private const int UnreadableShown = 10;

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required AtlasState State { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime? FinishedAt { get; init; }

    /// <summary>When a job last began or ended; an atlas that "runs" but has long been quiet was stopped.</summary>
    public required DateTime? LastActivityAt { get; init; }

    public required int Layers { get; init; }

    public required long Neurons { get; init; }

    public required int Images { get; init; }

    public required IReadOnlyList<StageStatus> Stages { get; init; }

    public required IReadOnlyList<FailedJob> Failures { get; init; }

    public required int UnreadableImages { get; init; }

    /// <summary>The first of them.</summary>
    public required IReadOnlyList<UnreadableFile> FirstUnreadable { get; init; }

    /// <summary>Seconds of work of all completed jobs.</summary>
    public required double Seconds { get; init; }

    /// <summary>Reads it from the catalog.</summary>
    public static async Task<AtlasStatus> ReadAsync(StoredAtlas atlas, CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        var (id, spec) = (atlas.Row.Id, atlas.Spec);
        var counts = await catalog.CountJobsAsync(id, cancellation);
        var unreadable = await catalog.UnreadableImagesAsync(id, cancellation);
        var jobs = catalog.Jobs.Where(job => job.AtlasId == id);
        DateTime?[] activity = [await jobs.MaxAsync(job => job.StartedAt, cancellation), await jobs.MaxAsync(job => job.FinishedAt, cancellation)];
        return new AtlasStatus
        {
            Id = spec.Id,
            Name = spec.Name,
            State = atlas.Row.State,
            CreatedAt = atlas.Row.CreatedAt,
            FinishedAt = atlas.Row.FinishedAt,
            LastActivityAt = activity.Max(),
            Layers = spec.Layers.Count,
            Neurons = spec.NeuronCount(),
            Images = spec.Images.Count,
            Stages = [.. counts.GroupBy(count => count.Kind).OrderBy(stage => stage.Key).Select(stage => StageStatus.Of(stage.Key, [.. stage]))],
            Failures = [.. (await catalog.FailuresAsync(id, cancellation)).Select(job => FailedJob.Of(job, spec))],
            UnreadableImages = unreadable.Count,
            FirstUnreadable = [.. unreadable.Take(UnreadableShown).Select(image => new UnreadableFile(image.Path, image.UnreadableReason!))],
            Seconds = counts.Sum(count => count.Seconds),
        };
    }
}

/// <summary>The jobs of one kind: how many there are and where they stand, their work in units, and the seconds that the completed ones took.</summary>
internal sealed record StageStatus(JobKind Kind, int Total, int Done, int Running, int Waiting, int Failed, int Blocked, long UnitsDone, long UnitsTotal, double Seconds)
{
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

/// <summary>An image that was skipped, and why.</summary>
internal sealed record UnreadableFile(string Path, string Reason);
