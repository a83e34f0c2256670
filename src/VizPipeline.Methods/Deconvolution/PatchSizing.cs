using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Deconvolution;

/// <summary>Chooses how many samples a region plan processes at once.</summary>
internal static class PatchSizing
{
    // On CPU the largest value of a batch should stay near the cache: 4 M floats are 16 MB. A GPU needs larger batches.
    private const long FloatsOnCpu = 4L << 20;
    private const long FloatsOnGpu = 128L << 20;

    /// <summary>
    /// Returns the number of samples per batch, 1 to 256, so that the largest value that a plan computes stays within 16 MB, or 512 MB on a
    /// GPU.
    /// </summary>
    public static int SamplesPerBatch(RegionPlan plan, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(device);
        var largest = plan.Graph.Nodes.Where(node => plan.Needs(node.Index))
            .Max(node => plan[node.Index] is { } extent ? extent.Area * node.Shape.Channels : node.Shape.Count);
        return (int)Math.Clamp((device.type == DeviceType.CPU ? FloatsOnCpu : FloatsOnGpu) / largest, 1, 256);
    }
}
