using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>What a client sends to have an atlas made.</summary>
/// <param name="Spec">The spec; files of the model are named by key and were sent before.</param>
/// <param name="Images">The image list, as long as the spec says.</param>
/// <param name="Priority">Larger is sooner, from -100 to 100.</param>
public sealed record Submission(AtlasSpec Spec, ImageList Images, int Priority = 0);

/// <summary>The answer to a <see cref="Submission"/>.</summary>
/// <param name="Id">The atlas's id.</param>
/// <param name="Resumed">Whether it was planned before.</param>
/// <param name="State">Its state.</param>
/// <param name="JobsAgain">How many failed, blocked or cancelled jobs of it will be done again.</param>
/// <param name="Note">What could not be checked, in one line; null as a rule.</param>
public sealed record Submitted(string Id, bool Resumed, AtlasState State, int JobsAgain = 0, string? Note = null);

/// <summary>How an atlas stands and goes on.</summary>
/// <param name="Status">What the catalog says.</param>
/// <param name="Progress">Rates and time left, running jobs included.</param>
/// <param name="Workers">Workers that were heard of lately.</param>
/// <param name="Troubles">What keeps the coordinator from its work at the moment, one line each; null or empty as a rule.</param>
public sealed record AtlasReport(AtlasStatus Status, AtlasProgress Progress, int Workers, IReadOnlyList<string>? Troubles = null);

/// <summary>One atlas in the list.</summary>
/// <param name="Id">The atlas's id.</param>
/// <param name="Name">The name that people read.</param>
/// <param name="State">Its state.</param>
/// <param name="Priority">Larger is sooner.</param>
/// <param name="Jobs">All jobs.</param>
/// <param name="Done">Completed jobs.</param>
/// <param name="Failed">Failed and blocked jobs.</param>
/// <param name="CreatedAt">When it was planned, UTC.</param>
public sealed record AtlasLine(string Id, string Name, AtlasState State, int Priority, int Jobs, int Done, int Failed, DateTime CreatedAt)
{
    /// <summary>Jobs that could be done now, of kinds that no live worker serves.</summary>
    public IReadOnlyList<UnservedJobs> Unserved { get; init; } = [];
}

/// <summary>One worker in the list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Host">Its machine.</param>
/// <param name="Device">Where it computes.</param>
/// <param name="Version">The software's version.</param>
/// <param name="Kinds">The queues that it serves.</param>
/// <param name="State">What it does; <c>gone</c> when it was not heard of lately.</param>
/// <param name="Atlas">Atlas of the job in hand.</param>
/// <param name="Job">The job in hand.</param>
/// <param name="JobsDone">Jobs done since it started.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="StartedAt">When it started, UTC.</param>
/// <param name="LastSeenAt">When it was last heard of, UTC.</param>
public sealed record WorkerLine(
    string Name, string Host, string Device, string Version, string Kinds, string State, string? Atlas, long? Job, long JobsDone, long MemoryBytes,
    DateTime StartedAt, DateTime LastSeenAt);

/// <summary>How many jobs a request changed.</summary>
/// <param name="Jobs">That many.</param>
public sealed record JobsChanged(int Jobs);
