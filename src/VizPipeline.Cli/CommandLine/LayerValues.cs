using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Computes activations of layers as arrays in managed memory, with the layer names of <c>viz layers</c>.</summary>
internal static class LayerValues
{
    // Limits the memory of libtorch; the result arrays have their full size.
    private const int ImagesPerBatch = 16;

    /// <summary>
    /// Computes one array per layer: [N, C, H, W] or [N, C]; with <paramref name="onlyMaxima"/> the spatial maxima [N, C].
    /// </summary>
    /// <param name="runner">The network.</param>
    /// <param name="images">[N, C, H, W] on the device.</param>
    /// <param name="layers">The layers to compute.</param>
    /// <param name="onlyMaxima">Whether to return the largest value of each channel instead of its map.</param>
    /// <exception cref="UsageException">An array would exceed 2 GB.</exception>
    public static IReadOnlyList<FloatTensor> Compute(
        NetworkRunner runner, torch.Tensor images, IReadOnlyList<Layer> layers, bool onlyMaxima = false)
    {
        var count = (int)images.shape[0];
        var arrays = layers.Select(layer => CreateArray(layer, count, onlyMaxima)).ToArray();
        for (var first = 0; first < count; first += ImagesPerBatch)
        {
            using var batch = images.narrow(0, first, Math.Min(ImagesPerBatch, count - first));
            runner.Forward(batch, [.. layers.Select(layer => layer.Node)], (node, value) =>
            {
                var values = onlyMaxima ? SpatialMaximum.Find(value).Values : ToArray(value);
                foreach (var array in layers.Zip(arrays).Where(pair => pair.First.Node == node).Select(pair => pair.Second))
                    values.CopyTo(array.Values, first * (array.Count / count));
            });
        }
        return arrays;
    }

    /// <summary>Copies the values of a tensor in row-major order, regardless of its memory layout.</summary>
    public static float[] ToArray(torch.Tensor value)
    {
        using var flat = value.contiguous().cpu();
        return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
    }

    private static FloatTensor CreateArray(Layer layer, int images, bool onlyMaxima)
    {
        var shape = onlyMaxima ? Shape.Vector(layer.Neurons) : layer.Shape;
        return shape.Count * images * sizeof(float) <= Array.MaxLength
            ? new FloatTensor(layer.Name, [.. shape.Batch(images).Select(extent => (int)extent)], new float[shape.Count * images])
            : throw new UsageException(
                $"layer '{layer.Name}' for {images} images exceeds the limit of 2 GB per array; give fewer images, or --reduce max");
    }
}
