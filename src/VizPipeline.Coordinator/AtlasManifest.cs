using System.Text.Json.Serialization;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

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

    /// <summary>When the atlas was planned, UTC; null in older manifests.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>When the atlas ended, UTC.</summary>
    public DateTime? FinishedAt { get; init; }

    /// <summary>The arguments of the <c>viz</c> command that ended the atlas; null on a cluster.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>The machines and devices that worked on the atlas.</summary>
    public IReadOnlyList<MachineFacts> Machines { get; init; } = [];

    /// <summary>The hash of everything that defines the atlas.</summary>
    public required string SpecHash { get; init; }

    /// <summary>The spec that defines the atlas.</summary>
    public required AtlasSpec Spec { get; init; }

    /// <summary>Seconds of work by kind of job.</summary>
    public required IReadOnlyDictionary<JobKind, double> SecondsByKind { get; init; }

    /// <summary>How often the network is right about the labelled images; null if unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NetworkAccuracy? Accuracy { get; init; }

    /// <summary>The jobs that were given up.</summary>
    public required IReadOnlyList<ManifestFailure> Failures { get; init; }

    /// <summary>The SHA-256 of the list of objects under <see cref="AtlasKeys.ObjectList"/>; null if there is none.</summary>
    public string? ObjectsSha256 { get; init; }

    /// <summary>What the atlas was before it grew, the oldest first.</summary>
    public IReadOnlyList<AtlasRevision> Revisions { get; init; } = [];

    /// <summary>The parts that were taken away from the atlas after it had ended; null if it is whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ManifestPruning>? Pruned { get; init; }

    /// <summary>Returns the manifest with parts that were taken away; a part that it names already keeps its time.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="at">When they were taken away, UTC; null if they were left out of a packed file.</param>
    public AtlasManifest WithPruned(IEnumerable<string> parts, DateTime? at) => this with
    {
        Pruned = [.. Pruned ?? [], .. parts.Where(part => Pruned?.Any(known => known.Part == part) != true)
            .Select(part => new ManifestPruning(part, at))],
    };

    /// <summary>Creates and stores the manifest of an atlas that has ended.</summary>
    /// <param name="store">The atlas's objects.</param>
    /// <param name="spec">The atlas.</param>
    /// <param name="outcome">Its outcome.</param>
    /// <param name="version">The program's version.</param>
    /// <param name="command">The arguments of the command, if one waited for the end.</param>
    /// <param name="libtorch">The version of libtorch, if the workers are in this process.</param>
    /// <param name="objectsSha256">The SHA-256 of the list of objects.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    public static async Task WriteAsync(
        IObjectStore store, AtlasSpec spec, AtlasResult outcome, string version, IReadOnlyList<string>? command, string? libtorch,
        string? objectsSha256, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(spec);
        var machines = new List<MachineFacts>();
        await foreach (var key in store.ListAsync(AtlasKeys.Machines(spec.Id), cancellation))
            machines.Add(VizJson.Read<MachineFacts>(await store.GetAsync(key, cancellation)));
        var before = await store.TryGetAsync(AtlasKeys.Manifest(spec.Id), cancellation) is { } known
            ? VizJson.Read<AtlasManifest>(known) : null;
        var manifest = Of(spec, outcome, version, libtorch) with
        {
            Revisions = before is null ? [] : before.SpecHash == spec.Hash() ? before.Revisions
                : [.. before.Revisions, new AtlasRevision(
                    before.SpecHash, before.Spec.Methods, before.FinishedAt, before.Software, before.Command)
                {
                    Layers = [.. before.Spec.LayersInOrder().Select(layer => layer.Name)],
                    Images = before.Spec.NeedsScan() ? before.Spec.Images.Count : null,
                }],
            // A layer that was taken away may have been added again.
            Pruned = before?.Pruned?.Where(part => spec.Layers.All(layer => ManifestPruning.NameOf(layer.Name) != part.Part)).ToList()
                is { Count: > 0 } pruned ? pruned : null,
            Command = command,
            ObjectsSha256 = objectsSha256,
            Machines = [.. machines.OrderBy(machine => machine.Host, StringComparer.Ordinal)
                .ThenBy(machine => machine.Device, StringComparer.Ordinal)],
        };
        await store.PutAsync(AtlasKeys.Manifest(spec.Id), VizJson.Write(manifest), cancellation);
    }

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
            StartedAt = outcome.StartedAt,
            FinishedAt = outcome.FinishedAt,
            SpecHash = spec.Hash(),
            Spec = spec,
            SecondsByKind = outcome.SecondsByKind,
            Accuracy = outcome.Accuracy,
            Failures = [.. outcome.Failures.Select(job => new ManifestFailure(job.Kind, job.JobId, job.Error))],
        };
    }
}

/// <summary>What an atlas was before it grew.</summary>
/// <param name="SpecHash">The hash of its spec then.</param>
/// <param name="Methods">Its methods then.</param>
/// <param name="FinishedAt">When it ended, UTC.</param>
/// <param name="Software">The program and its version.</param>
/// <param name="Command">The arguments of the command; null on a cluster.</param>
public sealed record AtlasRevision(
    string SpecHash, AtlasMethods Methods, DateTime? FinishedAt, string Software, IReadOnlyList<string>? Command)
{
    /// <summary>The names of its layers then, in the network's order; null in older manifests.</summary>
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>Number of its images then; null without a pass over images, and in older manifests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Images { get; init; }
}

/// <summary>A job that was given up.</summary>
public sealed record ManifestFailure(JobKind Kind, long JobId, string? Error);

/// <summary>A part that was taken away from an atlas.</summary>
/// <param name="Part"><c>activations</c>, <c>scan</c>, <c>sheets</c>, the method of the pictures, or <c>layer NAME</c>.</param>
/// <param name="At">When, UTC; null if the part was left out of a packed file.</param>
public sealed record ManifestPruning(string Part, DateTime? At)
{
    /// <summary>Returns the name of a part that is a layer.</summary>
    public static string NameOf(string layer) => $"layer {layer}";
}
