using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>
/// An index of similar neurons, by the cosine of their centred activations on the sampled images, which is the correlation over the sample.
/// It is exact, because every neuron is compared. An index is immutable and thread-safe.
/// </summary>
/// <remarks>A neuron with the same activation on all images, such as a dead one, is similar to no other.</remarks>
public sealed class SimilarNeurons
{
    // 128 kB of vectors over 512 images: a block stays in the L2 cache while it is compared with others.
    private const int Block = 64;

    private readonly ProfileVectors[] _layers;

    private SimilarNeurons(IEnumerable<ProfileVectors> layers)
    {
        _layers = [.. layers.OrderBy(layer => layer.Layer)];
        Layers = [.. _layers.Select(layer => layer.Layer)];
        Bytes = _layers.Sum(layer => layer.Bytes);
        for (var i = 1; i < _layers.Length; i++)
        {
            if (_layers[i].Layer == _layers[i - 1].Layer)
                throw new ArgumentException($"layer {_layers[i].Layer} occurs twice", nameof(layers));
        }
    }

    /// <summary>The indices of the layers in this index, ascending.</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <summary>The indices of the sampled images in the image list, ascending.</summary>
    public IReadOnlyList<int> Images => _layers.Length == 0 ? [] : _layers[0].Images;

    /// <summary>The memory of the index in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Creates an index of the layers of an atlas.</summary>
    /// <param name="layers">
    /// Index and profiles of each layer, in any order. Layers without sampled images, or with other images than the first, are left
    /// out.
    /// </param>
    /// <exception cref="ArgumentException">A layer occurs twice.</exception>
    public static SimilarNeurons Build(IEnumerable<(int Layer, ActivationProfiles Profiles)> layers) => new SimilarNeurons([]).With(layers);

    /// <summary>Creates an index with more layers, which shares the vectors of this one.</summary>
    /// <param name="layers">Index and profiles of each layer, as for <see cref="Build"/>.</param>
    /// <exception cref="ArgumentException">A layer occurs twice.</exception>
    public SimilarNeurons With(IEnumerable<(int Layer, ActivationProfiles Profiles)> layers)
    {
        var vectors = _layers.ToList();
        foreach (var (layer, profiles) in layers)
        {
            // A layer sampled on other images (a shard computed again by another version) cannot be compared and is left out.
            if (profiles.Images.Length > 0 && (vectors.Count == 0 || vectors[0].Images.AsSpan().SequenceEqual(profiles.Images)))
                vectors.Add(ProfileVectors.FromProfiles(layer, profiles));
        }
        return new(vectors);
    }

    /// <summary>
    /// Returns the neurons most similar to one, the most similar first, equally similar ones by layer and channel. The neuron itself is
    /// left out.
    /// </summary>
    /// <param name="layer">The index of the neuron's layer.</param>
    /// <param name="channel">The neuron's channel.</param>
    /// <param name="count">The maximum number of neurons.</param>
    /// <returns>
    /// Layer, channel and cosine from -1 to 1; empty for a neuron with the same activation on all images and for a layer not in
    /// <see cref="Layers"/>.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The layer has no such channel.</exception>
    public IReadOnlyList<(int Layer, int Channel, float Similarity)> FindSimilar(int layer, int channel, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (Find(layer) is not { } own)
            return [];
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, own.Neurons);
        if (count == 0 || own.IsConstant(channel))
            return [];
        // On one thread: it takes a few milliseconds, and other requests need the other cores.
        var best = new BestList(count);
        Span<float> similarities = stackalloc float[Block];
        foreach (var other in _layers)
        {
            for (var first = 0; first < other.Neurons; first += Block)
            {
                var found = similarities[..Math.Min(Block, other.Neurons - first)];
                other.Similarities(own.GetVector(channel), first, found);
                for (var i = 0; i < found.Length; i++)
                {
                    if (found[i] > best.Least && !other.IsConstant(first + i) && (other != own || first + i != channel))
                        best.Add(other.Layer, first + i, found[i]);
                }
            }
        }
        return best.Entries;
    }

    /// <summary>Finds, for each neuron of a layer, the most similar neuron in a layer of another atlas over the same images.</summary>
    /// <param name="layer">The layer in this index.</param>
    /// <param name="other">The other index. The caller makes sure that both atlases have the same image set.</param>
    /// <param name="otherLayer">The layer in the other index.</param>
    /// <returns>
    /// Per neuron of this layer, the channel (the lowest of equally similar ones) and the cosine from -1 to 1; channel -1 and cosine 0
    /// for a neuron with the same activation on all images. Empty if one of the indices lacks its layer.
    /// </returns>
    /// <exception cref="ArgumentException">The atlases were sampled on different images.</exception>
    public IReadOnlyList<(int Channel, float Similarity)> FindSimilarAcross(int layer, SimilarNeurons other, int otherLayer)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Find(layer) is not { } here || other.Find(otherLayer) is not { } there)
            return [];
        if (!here.Images.AsSpan().SequenceEqual(there.Images))
            throw new ArgumentException(
                $"the two atlases cannot be compared: they were sampled on different images, {here.Images.Length} and "
                + $"{there.Images.Length} of them", nameof(other));
        var best = new (int Channel, float Similarity)[here.Neurons];
        Array.Fill(best, (-1, 0));
        Parallel.For(0, (here.Neurons + Block - 1) / Block, block => Match(here, block * Block, there, best));
        return best;
    }

    // Compares a block of one layer with the other layer block by block, so that vectors are read from memory once per block, not per
    // neuron.
    private static void Match(ProfileVectors here, int start, ProfileVectors there, (int Channel, float Similarity)[] best)
    {
        Span<float> similarities = stackalloc float[Block];
        for (var first = 0; first < there.Neurons; first += Block)
        {
            var found = similarities[..Math.Min(Block, there.Neurons - first)];
            for (var neuron = start; neuron < Math.Min(start + Block, here.Neurons); neuron++)
            {
                if (here.IsConstant(neuron))
                    continue;
                there.Similarities(here.GetVector(neuron), first, found);
                for (var i = 0; i < found.Length; i++)
                {
                    if ((best[neuron].Channel < 0 || found[i] > best[neuron].Similarity) && !there.IsConstant(first + i))
                        best[neuron] = (first + i, found[i]);
                }
            }
        }
    }

    private ProfileVectors? Find(int layer) => Array.Find(_layers, vectors => vectors.Layer == layer);

    /// <summary>Keeps the best of the neurons added in the order of layer and channel.</summary>
    private sealed class BestList(int count)
    {
        private readonly List<(int Layer, int Channel, float Similarity)> _entries = [];

        public IReadOnlyList<(int Layer, int Channel, float Similarity)> Entries => _entries;

        /// <summary>Only similarities above this value can still enter the list.</summary>
        public float Least { get; private set; } = float.NegativeInfinity;

        public void Add(int layer, int channel, float similarity)
        {
            // After equally similar neurons, which were added earlier.
            var (low, high) = (0, _entries.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = _entries[middle].Similarity >= similarity ? (middle + 1, high) : (low, middle);
            }
            if (_entries.Count == count)
                _entries.RemoveAt(count - 1);
            _entries.Insert(low, (layer, channel, similarity));
            if (_entries.Count == count)
                Least = _entries[^1].Similarity;
        }
    }
}
