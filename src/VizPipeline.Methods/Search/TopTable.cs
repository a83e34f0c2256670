namespace VizPipeline.Methods.Search;

/// <summary>One of a neuron's strongest activations.</summary>
/// <param name="Value">The activation.</param>
/// <param name="Image">Image index.</param>
/// <param name="Position">Row-major position y * width + x of the maximum in the map; 0 for a vector.</param>
public readonly record struct TopEntry(float Value, int Image, int Position);

/// <summary>
/// The nine strongest activations of every neuron of a layer, one position per image. The order (activation descending, then image
/// ascending) is total, so the table is the same for any batching and any order of arrival, and merging is associative.
/// </summary>
public sealed class TopTable
{
    /// <summary>Entries per neuron.</summary>
    public const int Size = 9;

    private readonly TopEntry[] _entries;
    private readonly byte[] _counts;

    /// <summary>An empty table for <paramref name="neurons"/> neurons.</summary>
    public TopTable(int neurons)
    {
        _entries = new TopEntry[neurons * Size];
        _counts = new byte[neurons];
    }

    /// <summary>Neurons.</summary>
    public int Neurons => _counts.Length;

    /// <summary>A neuron's entries, strongest first; fewer than nine where there were fewer images.</summary>
    public ReadOnlySpan<TopEntry> this[int neuron] => _entries.AsSpan(neuron * Size, _counts[neuron]);

    /// <summary>Offers one activation. An image must be offered at most once per neuron.</summary>
    public void Offer(int neuron, float value, int image, int position)
    {
        int count = _counts[neuron];
        var last = (neuron * Size) + count - 1;
        if (count == Size)
        {
            // Nearly all offers end here.
            if (!Precedes(value, image, _entries[last]))
                return;
        }
        else
        {
            _counts[neuron]++;
            last++;
        }
        var at = last;
        for (; at > neuron * Size && Precedes(value, image, _entries[at - 1]); at--)
            _entries[at] = _entries[at - 1];
        _entries[at] = new TopEntry(value, image, position);
    }

    /// <summary>Takes in another table over other images.</summary>
    public void Merge(TopTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Neurons != Neurons)
            throw new ArgumentException($"a table of {other.Neurons} neurons does not merge into one of {Neurons}", nameof(other));
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            foreach (var entry in other[neuron])
                Offer(neuron, entry.Value, entry.Image, entry.Position);
        }
    }

    private static bool Precedes(float value, int image, in TopEntry other) => value > other.Value || (value == other.Value && image < other.Image);
}
