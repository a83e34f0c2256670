using System.Runtime.InteropServices;
using TorchSharp;

namespace VizPipeline.Methods.Search;

/// <summary>Finds the spatial maximum of each channel and its position.</summary>
public static class SpatialMaximum
{
    /// <summary>
    /// Returns maxima [N, C] and their row-major positions [N, C] (the first if several are equal). NaN anywhere in a map gives NaN. A
    /// vector [N, C] is its own maximum at position 0.
    /// </summary>
    /// <param name="value">[N, C, h, w] or [N, C], float32.</param>
    public static (float[] Values, int[] Positions) Find(torch.Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.dim() == 2)
            return (ToArray<float>(value), new int[value.numel()]);
        // On channels-last values this is one sweep over memory; max over a flattened view would copy first, and a vectorised sweep of our
        // own was slower.
        var (maxima, positions) = torch.nn.functional.adaptive_max_pool2d_with_indices(value, [1, 1]);
        using (maxima)
        using (positions)
            return (ToArray<float>(maxima), Array.ConvertAll(ToArray<long>(positions), position => (int)position));
    }

    private static T[] ToArray<T>(torch.Tensor value)
        where T : unmanaged
    {
        using var here = value.contiguous().cpu();
        return MemoryMarshal.Cast<byte, T>(here.bytes).ToArray();
    }
}
