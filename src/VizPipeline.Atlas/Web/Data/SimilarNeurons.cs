using VizPipeline.Jobs;

namespace VizPipeline.Web.Data;

/// <summary>
/// Finds neurons that respond alike: by the cosine of their activations on the sampled images, each less its mean (which is the correlation
/// over the sample). Exact, as every neuron is compared. An index does not change, and many threads may ask it.
/// </summary>
/// <remarks>A neuron that is the same on all images, such as a dead one, is like no other.</remarks>
public sealed class SimilarNeurons
{
    // 128 kB of vectors of 512 images: they stay in the processor's second cache while others pass by.
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
                throw new ArgumentException($"layer {_layers[i].Layer} is there twice", nameof(layers));
        }
    }

    /// <summary>Indices of the layers that can be asked for, ascending.</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <summary>Indices of the sampled images in the image list, ascending.</summary>
    public IReadOnlyList<int> Images => _layers.Length == 0 ? [] : _layers[0].Images;

    /// <summary>Memory that it takes.</summary>
    public long Bytes { get; }

    /// <summary>An index over the layers of an atlas.</summary>
    /// <param name="layers">Index and profiles of each, in any order. Layers without sampled images, or with others than the first, are left out.</param>
    /// <exception cref="ArgumentException">A layer is there twice.</exception>
    public static SimilarNeurons Build(IEnumerable<(int Layer, ActivationProfiles Profiles)> layers) => new SimilarNeurons([]).With(layers);

    /// <summary>This index with more layers, sharing what is there.</summary>
    /// <param name="layers">Index and profiles of each, as for <see cref="Build"/>.</param>
    /// <exception cref="ArgumentException">A layer is there twice.</exception>
    public SimilarNeurons With(IEnumerable<(int Layer, ActivationProfiles Profiles)> layers)
    {
        var vectors = _layers.ToList();
        foreach (var (layer, profiles) in layers)
        {
            // A layer of other images (of a shard done again by another version) can be compared with none, and is left out.
            if (profiles.Images.Length > 0 && (vectors.Count == 0 || vectors[0].Images.AsSpan().SequenceEqual(profiles.Images)))
                vectors.Add(ProfileVectors.Of(layer, profiles));
        }
        return new(vectors);
    }

    /// <summary>The neurons most like one, the most similar first, equally similar ones by layer and channel. The neuron itself is left out.</summary>
    /// <param name="layer">The neuron's layer.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="count">So many, or all where there are fewer.</param>
    /// <param name="sameLayerOnly">Whether only neurons of its own layer are compared.</param>
    /// <returns>Layer, channel and cosine from -1 to 1; empty for a neuron that is the same on all images, and for a layer that is not among <see cref="Layers"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The layer has no such channel.</exception>
    public IReadOnlyList<(int Layer, int Channel, float Similarity)> MostLike(int layer, int channel, int count, bool sameLayerOnly = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (Find(layer) is not { } own)
            return [];
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, own.Neurons);
        if (count == 0 || own.IsConstant(channel))
            return [];
        // On one thread: the work is a few milliseconds, and the other cores are other people's.
        var best = new BestList(count);
        Span<float> similarities = stackalloc float[Block];
        foreach (var other in sameLayerOnly ? [own] : _layers)
        {
            for (var first = 0; first < other.Neurons; first += Block)
            {
                var found = similarities[..Math.Min(Block, other.Neurons - first)];
                other.Similarities(own.VectorOf(channel), first, found);
                for (var i = 0; i < found.Length; i++)
                {
                    if (found[i] > best.Least && !other.IsConstant(first + i) && (other != own || first + i != channel))
                        best.Add(other.Layer, first + i, found[i]);
                }
            }
        }
        return best.Entries;
    }

    /// <summary>For each neuron of a layer the neuron of another atlas's layer, over the same images, that is most like it.</summary>
    /// <param name="layer">The layer here.</param>
    /// <param name="other">The other index; that the two image sets are equal is the caller's to know.</param>
    /// <param name="otherLayer">The layer there.</param>
    /// <returns>
    /// Channel (the lowest of equally similar ones) and cosine from -1 to 1, [neurons of the layer here]; channel -1 and 0 for a neuron that
    /// is the same on all images. Empty where one of the indices lacks its layer.
    /// </returns>
    /// <exception cref="ArgumentException">The two were sampled on different images.</exception>
    public IReadOnlyList<(int Channel, float Similarity)> MostLikeAcross(int layer, SimilarNeurons other, int otherLayer)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Find(layer) is not { } here || other.Find(otherLayer) is not { } there)
            return [];
        if (!here.Images.AsSpan().SequenceEqual(there.Images))
            throw new ArgumentException($"the two atlases cannot be compared: they were sampled on different images, {here.Images.Length} and {there.Images.Length} of them", nameof(other));
        var best = new (int Channel, float Similarity)[here.Neurons];
        Array.Fill(best, (-1, 0));
        Parallel.For(0, (here.Neurons + Block - 1) / Block, block => Match(here, block * Block, there, best));
        return best;
    }

    // A block of one layer against the other, block by block, so that vectors are read from memory once per block and not once per neuron.
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
                there.Similarities(here.VectorOf(neuron), first, found);
                for (var i = 0; i < found.Length; i++)
                {
                    if ((best[neuron].Channel < 0 || found[i] > best[neuron].Similarity) && !there.IsConstant(first + i))
                        best[neuron] = (first + i, found[i]);
                }
            }
        }
    }

    private ProfileVectors? Find(int layer) => Array.Find(_layers, vectors => vectors.Layer == layer);

    /// <summary>The best of what is offered in the order of layer and channel.</summary>
    private sealed class BestList(int count)
    {
        private readonly List<(int Layer, int Channel, float Similarity)> _entries = [];

        public IReadOnlyList<(int Layer, int Channel, float Similarity)> Entries => _entries;

        /// <summary>Only what is above this can still enter.</summary>
        public float Least { get; private set; } = float.NegativeInfinity;

        public void Add(int layer, int channel, float similarity)
        {
            // Behind its equals, which came earlier.
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
