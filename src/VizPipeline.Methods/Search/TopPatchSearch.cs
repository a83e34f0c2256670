using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Search;

/// <summary>
/// Runs images through a network once and tallies every neuron of the chosen layers (docs/methods.md, sections 0 and 5). Values and
/// positions of the spatial maxima come from one sweep over each layer's maps.
/// </summary>
public sealed class TopPatchSearch
{
    private readonly NetworkRunner _runner;
    private readonly Layer[] _layers;
    private readonly Dictionary<int, List<int>> _layersOfNode = [];

    /// <summary>Prepares a search over <paramref name="layers"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layers">Layers to tally.</param>
    /// <param name="exact">Whether distributions keep values: for image sets of up to
    /// <see cref="ActivationDistribution.ExactImages"/>.</param>
    /// <param name="imageSet">Number of images of the whole set, of which these may be a shard; determines
    /// <see cref="ProfileSample"/>.</param>
    public TopPatchSearch(NetworkRunner runner, IEnumerable<Layer> layers, bool exact, int imageSet)
    {
        (_runner, _layers) = (runner, [.. layers]);
        Tallies = [.. _layers.Select(layer => new LayerTally(layer.Neurons, exact, imageSet))];
        for (var i = 0; i < _layers.Length; i++)
        {
            if (!_layersOfNode.TryGetValue(_layers[i].Node, out var list))
                _layersOfNode[_layers[i].Node] = list = [];
            list.Add(i);
        }
    }

    /// <summary>The layers, in the order of <see cref="Tallies"/>.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>The results so far, one per layer.</summary>
    public IReadOnlyList<LayerTally> Tallies { get; }

    /// <summary>Runs and tallies a batch.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="indices">Image index of each, [N].</param>
    /// <param name="classes">Class of each, or null, [N].</param>
    public void Add(torch.Tensor images, ReadOnlySpan<int> indices, IReadOnlyList<int?> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var numbers = indices.ToArray();
        _runner.Forward(images, [.. _layersOfNode.Keys], (node, value) =>
        {
            var (maxima, positions) = SpatialMaximum.Find(value);
            foreach (var tally in _layersOfNode[node].Select(layer => Tallies[layer]))
            {
                for (var n = 0; n < numbers.Length; n++)
                    tally.Add(numbers[n], classes[n], maxima.AsSpan(n * tally.Neurons, tally.Neurons),
                        positions.AsSpan(n * tally.Neurons, tally.Neurons));
            }
        });
    }
}
