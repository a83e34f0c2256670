namespace VizPipeline.Methods.Search;

/// <summary>One of a neuron's strongest activations.</summary>
/// <param name="Value">The activation.</param>
/// <param name="Image">Image index.</param>
/// <param name="Position">Row-major position y * width + x of the maximum in the map; 0 for a vector.</param>
public readonly record struct TopEntry(float Value, int Image, int Position);

/// <summary>
/// The hundred strongest activations of every neuron of a layer, one position per image; the first nine get pictures. The order (activation
/// descending, then image ascending) is total, so the table does not depend on batches or the order of arrival, and merging is associative.
/// </summary>
public sealed class TopTable
{
    /// <summary>Number of entries per neuron that get pictures.</summary>
    public const int Size = 9;

    /// <summary>Number of entries per neuron, unless another one is given.</summary>
    public const int Depth = 100;

    private readonly int _depth;
    private readonly TopEntry[] _entries;
    private readonly byte[] _counts;

    // The last value of full rows, minus infinity for others, stored apart from the entries: nearly all offers fail this comparison, and a
    // row of thresholds costs a sixteenth of the cache lines.
    private readonly float[] _thresholds;

    /// <summary>Creates an empty table.</summary>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="depth">Number of entries per neuron, 1 to 255.</param>
    public TopTable(int neurons, int depth = Depth)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, byte.MaxValue);
        _depth = depth;
        _entries = new TopEntry[checked(neurons * depth)];
        _counts = new byte[neurons];
        _thresholds = new float[neurons];
        Array.Fill(_thresholds, float.NegativeInfinity);
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons => _counts.Length;

    /// <summary>A neuron's first nine entries, strongest first; fewer if there were fewer images.</summary>
    public ReadOnlySpan<TopEntry> this[int neuron] => GetAll(neuron)[..Math.Min((int)_counts[neuron], Size)];

    /// <summary>Returns all of a neuron's entries, strongest first; fewer than the depth if there were fewer images.</summary>
    public ReadOnlySpan<TopEntry> GetAll(int neuron) => _entries.AsSpan(neuron * _depth, _counts[neuron]);

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
        var row = _entries.AsSpan(neuron * _depth, _depth);
        var count = (int)_counts[neuron];
        if (count == _depth)
        {
            if (!Precedes(value, image, row[^1]))
                return;
            count--;
        }
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Precedes(value, image, row[middle]) ? (low, middle) : (middle + 1, high);
        }
        row[low..count].CopyTo(row[(low + 1)..]);
        row[low] = new TopEntry(value, image, position);
        _counts[neuron] = (byte)(count + 1);
        if (count + 1 == _depth)
            _thresholds[neuron] = row[^1].Value;
    }

    /// <summary>Adds another table over other images.</summary>
    public void Merge(TopTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Neurons != Neurons)
            throw new ArgumentException($"a table of {other.Neurons} neurons cannot be merged into one of {Neurons}", nameof(other));
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            foreach (var entry in other.GetAll(neuron))
                Offer(neuron, entry.Value, entry.Image, entry.Position);
        }
    }

    private static bool Precedes(float value, int image, in TopEntry other) =>
        value > other.Value || (value == other.Value && image < other.Image);
}
