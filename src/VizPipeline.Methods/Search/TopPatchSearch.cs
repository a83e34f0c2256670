using TorchSharp;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Search;

/// <summary>
/// Runs images through a network once and tallies every neuron of the chosen layers (docs/methods.md, sections 0 and 5). Values and
/// positions of the spatial maxima come from one sweep over each layer's maps.
/// </summary>
public sealed class TopPatchSearch : IDisposable
{
    private readonly NetworkRunner _runner;
    private readonly Layer[] _layers;
    private readonly Dictionary<int, List<int>> _layersOfNode = [];
    private readonly Dictionary<int, List<ReconstructionTally>> _readersOfNode = [];
    private readonly ReconstructionTally?[] _reconstructions;

    /// <summary>Prepares a search over <paramref name="layers"/>.</summary>
    /// <param name="runner">The network on its device.</param>
    /// <param name="layers">Layers to tally.</param>
    /// <param name="exact">Whether distributions keep values: for image sets of up to
    /// <see cref="ActivationDistribution.ExactImages"/>.</param>
    /// <param name="imageSet">Number of images of the whole set, of which these may be a shard; determines
    /// <see cref="ProfileSample"/>.</param>
    /// <param name="profiled">The images of which tallies keep the activations; null for those of the image set in even steps.</param>
    public TopPatchSearch(
        NetworkRunner runner, IEnumerable<Layer> layers, bool exact, int imageSet, IReadOnlySet<int>? profiled = null)
    {
        (_runner, _layers) = (runner, [.. layers]);
        Tallies = [.. _layers.Select(layer => new LayerTally(layer.Neurons, exact, imageSet, !layer.IsRectified, profiled))];
        for (var i = 0; i < _layers.Length; i++)
        {
            if (!_layersOfNode.TryGetValue(_layers[i].Node, out var list))
                _layersOfNode[_layers[i].Node] = list = [];
            list.Add(i);
        }
        _reconstructions = [.. _layers.Select(Measure)];
    }

    /// <summary>The layers, in the order of <see cref="Tallies"/>.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>The results so far, one per layer.</summary>
    public IReadOnlyList<LayerTally> Tallies { get; }

    /// <summary>How well the dictionaries among the layers restore what they read, one per layer; null for other layers.</summary>
    public IReadOnlyList<Reconstruction?> Reconstructions => [.. _reconstructions.Select(tally => tally?.Total)];

    /// <summary>Receives the activations of each image at each layer; may be null.</summary>
    public ActivationObserver? Observe { get; init; }

    /// <summary>Runs and tallies a batch.</summary>
    /// <param name="images">[N, C, H, W] on the runner's device, preprocessed.</param>
    /// <param name="indices">Image index of each, [N].</param>
    /// <param name="classes">Class of each, or null, [N].</param>
    public void Add(torch.Tensor images, ReadOnlySpan<int> indices, IReadOnlyList<int?> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var numbers = indices.ToArray();
        _runner.Forward(images, [.. _layersOfNode.Keys.Union(_readersOfNode.Keys)], (node, value) =>
        {
            foreach (var reader in _readersOfNode.GetValueOrDefault(node) ?? [])
                reader.Keep(value);
            if (!_layersOfNode.TryGetValue(node, out var layers))
                return;
            var (maxima, positions) = SpatialMaximum.Find(value);
            foreach (var layer in layers)
            {
                _reconstructions[layer]?.Add(value);
                var tally = Tallies[layer];
                for (var n = 0; n < numbers.Length; n++)
                {
                    var (first, neurons) = (n * tally.Neurons, tally.Neurons);
                    tally.Add(numbers[n], classes[n], maxima.AsSpan(first, neurons), positions.AsSpan(first, neurons));
                    Observe?.Invoke(layer, numbers[n], maxima.AsSpan(first, neurons), positions.AsSpan(first, neurons));
                }
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tally in _reconstructions)
            tally?.Dispose();
    }

    private ReconstructionTally? Measure(Layer layer)
    {
        if (ReconstructionTally.Find(_runner.Graph, layer) is not { } readout)
            return null;
        var tally = new ReconstructionTally(readout.Dictionary, _runner.Device);
        if (!_readersOfNode.TryGetValue(readout.Source, out var readers))
            _readersOfNode[readout.Source] = readers = [];
        readers.Add(tally);
        return tally;
    }
}

/// <summary>Receives the activations of one image at one layer.</summary>
/// <param name="layer">Index of the layer in <see cref="TopPatchSearch.Layers"/>.</param>
/// <param name="image">Index of the image.</param>
/// <param name="activations">One value per neuron; valid only during the call.</param>
/// <param name="positions">The row-major position of each; valid only during the call.</param>
public delegate void ActivationObserver(int layer, int image, ReadOnlySpan<float> activations, ReadOnlySpan<int> positions);
