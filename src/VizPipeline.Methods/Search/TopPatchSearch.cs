using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Search;

/// <summary>
/// One pass of images through a network, tallying every neuron of the chosen layers (METHODS 0, 5). Values and positions of the spatial
/// maxima come from one pooling call per layer, about 1 % of the forward pass.
/// </summary>
public sealed class TopPatchSearch
{
    private readonly NetworkRunner _runner;
    private readonly Layer[] _layers;
    private readonly Dictionary<int, List<int>> _layersOfNode = [];

    /// <summary>A search over <paramref name="layers"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layers">Layers to tally.</param>
    /// <param name="exact">Whether distributions keep values: for image sets of up to <see cref="ActivationDistribution.ExactImages"/>.</param>
    public TopPatchSearch(NetworkRunner runner, IEnumerable<Layer> layers, bool exact)
    {
        (_runner, _layers) = (runner, [.. layers]);
        Tallies = [.. _layers.Select(layer => new LayerTally(layer.Neurons, exact))];
        for (var i = 0; i < _layers.Length; i++)
        {
            if (!_layersOfNode.TryGetValue(_layers[i].Node, out var list))
                _layersOfNode[_layers[i].Node] = list = [];
            list.Add(i);
        }
    }

    /// <summary>The layers, in the order of <see cref="Tallies"/>.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>What was found so far, one per layer.</summary>
    public IReadOnlyList<LayerTally> Tallies { get; }

    /// <summary>Runs and counts a batch.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="indices">Image index of each, [N].</param>
    /// <param name="classes">Class of each, or null, [N].</param>
    public void Add(torch.Tensor images, ReadOnlySpan<int> indices, IReadOnlyList<int?> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var numbers = indices.ToArray();
        _runner.Forward(images, [.. _layersOfNode.Keys], (node, value) =>
        {
            var (maxima, positions) = SpatialMaximum.Of(value);
            using (maxima)
            using (positions)
            {
                foreach (var layer in _layersOfNode[node])
                    Count(Tallies[layer], maxima, positions, numbers, classes);
            }
        });
    }

    private static void Count(LayerTally tally, torch.Tensor maxima, torch.Tensor positions, int[] indices, IReadOnlyList<int?> classes)
    {
        var values = MemoryMarshal.Cast<byte, float>(maxima.bytes);
        var places = MemoryMarshal.Cast<byte, long>(positions.bytes);
        for (var n = 0; n < indices.Length; n++)
            tally.Add(indices[n], classes[n], values.Slice(n * tally.Neurons, tally.Neurons), places.Slice(n * tally.Neurons, tally.Neurons));
    }
}

/// <summary>The spatial maximum of each channel and where it stands.</summary>
public static class SpatialMaximum
{
    /// <summary>
    /// Maxima [N, C] float32 and their row-major positions [N, C] int64 (the first, where several are equal), contiguous on the CPU.
    /// A vector is its own maximum at position 0.
    /// </summary>
    public static (torch.Tensor Values, torch.Tensor Positions) Of(torch.Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.dim() == 2)
            return (value.contiguous().cpu(), torch.zeros(value.shape, dtype: torch.int64));
        // On channels-last values this is one sweep over memory; max over a flattened view would copy first.
        var (maxima, positions) = torch.nn.functional.adaptive_max_pool2d_with_indices(value, [1, 1]);
        using (maxima)
        using (positions)
            return (maxima.flatten(1).contiguous().cpu(), positions.flatten(1).contiguous().cpu());
    }
}
