namespace VizPipeline.Methods.Search;

/// <summary>One of a neuron's strongest activations.</summary>
/// <param name="Value">The activation.</param>
/// <param name="Image">Image index.</param>
/// <param name="Position">Row-major position y * width + x of the maximum in the map; 0 for a vector.</param>
public readonly record struct TopEntry(float Value, int Image, int Position);

/// <summary>
/// The nine strongest activations of every neuron of a layer, one position per image. The order (activation descending, then image
/// ascending) is total, so the table does not depend on batches or the order of arrival, and merging is associative.
/// </summary>
public sealed class TopTable
{
    /// <summary>Number of entries per neuron.</summary>
    public const int Size = 9;

    private readonly TopEntry[] _entries;
    private readonly byte[] _counts;

    // The ninth value of full rows, minus infinity for others, stored apart from the entries: nearly all offers fail this comparison, and a
    // row of thresholds costs a sixteenth of the cache lines.
    private readonly float[] _thresholds;

    /// <summary>Creates an empty table for <paramref name="neurons"/> neurons.</summary>
    public TopTable(int neurons)
    {
        _entries = new TopEntry[neurons * Size];
        _counts = new byte[neurons];
        _thresholds = new float[neurons];
        Array.Fill(_thresholds, float.NegativeInfinity);
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons => _counts.Length;

    /// <summary>A neuron's entries, strongest first; fewer than nine if there were fewer images.</summary>
    public ReadOnlySpan<TopEntry> this[int neuron] => _entries.AsSpan(neuron * Size, _counts[neuron]);

    /// <summary>Offers one image's activations to all neurons. An image must be offered at most once.</summary>
    /// <param name="image">Image index.</param>
    /// <param name="values">Activations, [neurons].</param>
    /// <param name="positions">Row-major positions of the maxima, [neurons].</param>
    public void Offer(int image, ReadOnlySpan<float> values, ReadOnlySpan<int> positions)
    {
        var thresholds = _thresholds.AsSpan(0, values.Length);
        for (var neuron = 0; neuron < values.Length; neuron++)
        {
            if (values[neuron] >= thresholds[neuron])
                Offer(neuron, values[neuron], image, positions[neuron]);
        }
    }

    /// <summary>Offers one activation. An image must be offered at most once per neuron.</summary>
    public void Offer(int neuron, float value, int image, int position)
    {
        var (first, last) = (neuron * Size, (neuron * Size) + _counts[neuron]);
        if (_counts[neuron] < Size)
            _counts[neuron]++;
        else if (!Precedes(value, image, _entries[--last]))
            return;
        for (; last > first && Precedes(value, image, _entries[last - 1]); last--)
            _entries[last] = _entries[last - 1];
        _entries[last] = new TopEntry(value, image, position);
        if (_counts[neuron] == Size)
            _thresholds[neuron] = _entries[first + Size - 1].Value;
    }

    /// <summary>Adds another table over other images.</summary>
    public void Merge(TopTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Neurons != Neurons)
            throw new ArgumentException($"a table of {other.Neurons} neurons cannot be merged into one of {Neurons}", nameof(other));
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            foreach (var entry in other[neuron])
                Offer(neuron, entry.Value, entry.Image, entry.Position);
        }
    }

    private static bool Precedes(float value, int image, in TopEntry other) =>
        value > other.Value || (value == other.Value && image < other.Image);
}
