using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Deconvolution;

/// <summary>How many samples go through a region plan at once.</summary>
public static class PatchSizing
{
    // The largest value of a batch should stay near the cache: 4 M floats are 16 MB.
    private const long Floats = 4L << 20;

    /// <summary>Samples per batch, 1 to 256, so that the largest value that a plan computes stays within 16 MB.</summary>
    public static int SamplesPerBatch(RegionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var largest = plan.Graph.Nodes.Where(node => plan.Needs(node.Index))
            .Max(node => plan[node.Index] is { } extent ? extent.Area * node.Shape.Channels : node.Shape.Count);
        return (int)Math.Clamp(Floats / largest, 1, 256);
    }
}
