using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A job that was given up, or never could begin.</summary>
/// <param name="Job">Its number.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="What">What it is about, e.g. a layer and a range of neurons.</param>
/// <param name="State">Failed, or blocked by another.</param>
/// <param name="Failures">How often it failed.</param>
/// <param name="Error">The last error, in one line.</param>
public sealed record FailedJob(long Job, JobKind Kind, string What, JobState State, int Failures, string? Error)
{
    /// <summary>Of a row of the catalog.</summary>
    public static FailedJob Of(Job job, AtlasSpec spec)
        => new(job.JobId, job.Kind, Describe(JobPayload.Read(job.Kind, job.Payload, job.Attempt), spec), job.State, job.Failures, job.Error);

    private static string Describe(IJobCommand command, AtlasSpec spec) => command switch
    {
        ScanShard scan => $"images {scan.FirstImage} to {scan.EndImage - 1}",
        MergeLayer merge => LayerName(spec, merge.Layer),
        RenderPatches patches => $"{LayerName(spec, patches.Layer)} neurons {patches.FirstChannel} to {patches.EndChannel - 1}",
        AscendNeurons ascent =>
            $"{LayerName(spec, ascent.Layer)} neurons {ascent.FirstChannel} to {ascent.EndChannel - 1}, preset {ascent.Preset}, seed {ascent.Seed}",
        RenderFilters filters => LayerName(spec, filters.Layer),
        RenderSheet sheet => LayerName(spec, sheet.Layer),
        _ => "",
    };

    private static string LayerName(AtlasSpec spec, int layer) => layer < spec.Layers.Count ? spec.Layers[layer].Name : $"layer {layer}";
}
