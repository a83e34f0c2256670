using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Activations of layers as arrays in managed memory, named as <c>viz layers</c> names them.</summary>
internal static class LayerValues
{
    // Bounds what libtorch holds; the arrays themselves are as large as they are.
    private const int ImagesPerBatch = 16;

    /// <summary>One array per layer: [N, C, H, W] or [N, C]; with <paramref name="onlyMaxima"/> the spatial maxima [N, C].</summary>
    /// <param name="runner">The network.</param>
    /// <param name="images">[N, C, H, W] on the device.</param>
    /// <param name="layers">Which layers.</param>
    /// <param name="onlyMaxima">Each channel's largest value instead of its map.</param>
    /// <exception cref="UsageException">An array would be larger than one array can be.</exception>
    public static IReadOnlyList<FloatTensor> Of(NetworkRunner runner, torch.Tensor images, IReadOnlyList<Layer> layers, bool onlyMaxima = false)
    {
        var count = (int)images.shape[0];
        var arrays = layers.Select(layer => Empty(layer, count, onlyMaxima)).ToArray();
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

    /// <summary>A tensor's values in row-major order, whatever its layout.</summary>
    public static float[] ToArray(torch.Tensor value)
    {
        using var flat = value.contiguous().cpu();
        return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
    }

    private static FloatTensor Empty(Layer layer, int images, bool onlyMaxima)
    {
        var shape = onlyMaxima ? Shape.Vector(layer.Neurons) : layer.Shape;
        return shape.Count * images * sizeof(float) <= Array.MaxLength
            ? new FloatTensor(layer.Name, [.. shape.Batch(images).Select(extent => (int)extent)], new float[shape.Count * images])
            : throw new UsageException($"layer '{layer.Name}' of {images} images is more than the 2 GB that one array may have; give fewer images, or --reduce max");
    }
}
