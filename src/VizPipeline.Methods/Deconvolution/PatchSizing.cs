using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Deconvolution;

/// <summary>How many samples go through a region plan at once.</summary>
public static class PatchSizing
{
    // On CPU the largest value of a batch should stay near the cache: 4 M floats are 16 MB. A GPU wants to be filled.
    private const long FloatsOnCpu = 4L << 20;
    private const long FloatsOnGpu = 128L << 20;

    /// <summary>Samples per batch, 1 to 256, so that the largest value that a plan computes stays within 16 MB, or 512 MB of a GPU.</summary>
    public static int SamplesPerBatch(RegionPlan plan, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(device);
        var largest = plan.Graph.Nodes.Where(node => plan.Needs(node.Index))
            .Max(node => plan[node.Index] is { } extent ? extent.Area * node.Shape.Channels : node.Shape.Count);
        return (int)Math.Clamp((device.type == DeviceType.CPU ? FloatsOnCpu : FloatsOnGpu) / largest, 1, 256);
    }
}
