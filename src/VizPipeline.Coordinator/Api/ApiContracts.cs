using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A request to create an atlas.</summary>
/// <param name="Spec">The spec, which names model files by key. They must have been uploaded before.</param>
/// <param name="Images">The image list, whose length must match the spec.</param>
/// <param name="Priority">Larger runs sooner, from -100 to 100.</param>
public sealed record Submission(AtlasSpec Spec, ImageList Images, int Priority = 0);

/// <summary>The answer to a <see cref="Submission"/>.</summary>
/// <param name="Id">The atlas's id.</param>
/// <param name="Resumed">Whether the atlas was planned before.</param>
/// <param name="State">Its state.</param>
/// <param name="JobsAgain">The number of failed, blocked or cancelled jobs that will be retried.</param>
/// <param name="Note">What could not be checked, in one line; usually null.</param>
public sealed record Submitted(string Id, bool Resumed, AtlasState State, int JobsAgain = 0, string? Note = null)
{
    /// <summary>What an atlas that was planned before gains, in words; empty if nothing is new.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];
}

/// <summary>The state and progress of an atlas.</summary>
/// <param name="Status">The state in the catalog.</param>
/// <param name="Progress">Rates and estimated time left, including running jobs.</param>
/// <param name="Workers">The number of workers that reported recently.</param>
/// <param name="Troubles">Current problems of the coordinator, one line each; usually null or empty.</param>
public sealed record AtlasStatusResponse(AtlasStatus Status, AtlasProgress Progress, int Workers, IReadOnlyList<string>? Troubles = null);

/// <summary>One atlas in the list.</summary>
/// <param name="Id">The atlas's id.</param>
/// <param name="Name">The display name.</param>
/// <param name="State">Its state.</param>
/// <param name="Priority">Larger runs sooner.</param>
/// <param name="Jobs">The number of jobs.</param>
/// <param name="Done">The number of completed jobs.</param>
/// <param name="Failed">The number of failed and blocked jobs.</param>
/// <param name="CreatedAt">When the atlas was planned, UTC.</param>
public sealed record ListedAtlas(string Id, string Name, AtlasState State, int Priority, int Jobs, int Done, int Failed, DateTime CreatedAt)
{
    /// <summary>Jobs that are ready but whose kinds no live worker serves.</summary>
    public IReadOnlyList<UnservedJobs> Unserved { get; init; } = [];
}

/// <summary>One worker in the list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Host">Its machine.</param>
/// <param name="Device">The devices that it computes on.</param>
/// <param name="Version">The software's version.</param>
/// <param name="Kinds">The queues that it serves.</param>
/// <param name="State">Its activity; <c>gone</c> if it has not reported recently.</param>
/// <param name="Atlas">The atlas of the current job.</param>
/// <param name="Job">The current job.</param>
/// <param name="JobsDone">The number of jobs completed since it started.</param>
/// <param name="MemoryBytes">Its memory usage.</param>
/// <param name="StartedAt">When it started, UTC.</param>
/// <param name="LastSeenAt">When it last reported, UTC.</param>
public sealed record ListedWorker(
    string Name, string Host, string Device, string Version, string Kinds, string State, string? Atlas, long? Job,
    long JobsDone, long MemoryBytes, DateTime StartedAt, DateTime LastSeenAt);

/// <summary>The number of jobs that a request changed.</summary>
/// <param name="Jobs">The number of jobs.</param>
public sealed record JobsChanged(int Jobs);
