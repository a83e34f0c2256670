namespace VizPipeline.Methods.Search;

/// <summary>
/// The distribution of a layer's activations over images, per neuron. For image sets of up to <see cref="ExactImages"/> images the values
/// themselves are kept and quantiles are exact; for larger sets, values are counted in buckets of 1/32 octave, so quantiles are within 1.6
/// %. Merging is associative, because counts add up: values that are merged with counts become counts.
/// </summary>
public sealed class ActivationDistribution
{
    /// <summary>Largest image set whose values are kept exactly: 4096 images cost 16 kB per neuron.</summary>
    public const int ExactImages = 4096;

    // 32 buckets per octave from 2^-14 to 2^14, mirrored for negative values, and one bucket for smaller magnitudes: floats sort like their
    // bits, and the top 5 bits of the mantissa give the 32 buckets.
    private const int BucketBits = 18;
    private const int Lowest = (127 - 14) << 5;
    private const int PerSign = 28 * 32;

    /// <summary>Number of buckets per neuron.</summary>
    public const int Buckets = (2 * PerSign) + 1;

    private List<float[]>? _rows;
    private int[]? _counts;

    /// <summary>Creates an empty distribution for <paramref name="neurons"/> neurons.</summary>
    /// <param name="neurons">Number of neurons of the layer.</param>
    /// <param name="exact">Keep values (small image sets) instead of counting them in buckets.</param>
    public ActivationDistribution(int neurons, bool exact)
    {
        Neurons = neurons;
        if (exact)
            _rows = [];
        else
            _counts = new int[neurons * Buckets];
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons { get; }

    /// <summary>Whether values are kept exactly.</summary>
    public bool IsExact => _rows is not null;

    /// <summary>Number of images counted.</summary>
    public long Images { get; private set; }

    /// <summary>The kept values, one row of [neurons] per image; empty if not exact.</summary>
    public IReadOnlyList<float[]> Rows => _rows ?? [];

    /// <summary>The bucket counts [neurons, <see cref="Buckets"/>]; empty if exact.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>Counts one image's activations [neurons].</summary>
    public void Add(ReadOnlySpan<float> activations)
    {
        Images++;
        if (_rows is not null)
            _rows.Add(activations.ToArray());
        else
            Count(activations);
    }

    /// <summary>Counts the kept values in buckets, as if they had never been kept.</summary>
    public void Sketch()
    {
        if (_rows is not { } rows)
            return;
        (_rows, _counts) = (null, new int[Neurons * Buckets]);
        foreach (var row in rows)
            Count(row);
    }

    private void Count(ReadOnlySpan<float> activations)
    {
        for (var neuron = 0; neuron < activations.Length; neuron++)
            _counts![(neuron * Buckets) + Bucket(activations[neuron])]++;
    }

    /// <summary>Adds counts that were saved.</summary>
    internal void AddCounts(ReadOnlySpan<int> counts, long images)
    {
        for (var i = 0; i < counts.Length; i++)
            _counts![i] += counts[i];
        Images += images;
    }

    /// <summary>Adds another distribution over other images.</summary>
    public void Merge(ActivationDistribution other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Neurons != Neurons)
            throw new ArgumentException("distributions of different layers cannot be merged", nameof(other));
        if (!other.IsExact)
        {
            Sketch();
            AddCounts(other.Counts, other.Images);
            return;
        }
        _rows?.AddRange(other.Rows);
        foreach (var row in _rows is null ? other.Rows : [])
            Count(row);
        Images += other.Images;
    }

    /// <summary>
    /// Returns one neuron's values in ascending order with the number of times each occurs; bucket middles if values were not kept. Clamped
    /// to [<paramref name="min"/>, <paramref name="max"/>], the known extremes.
    /// </summary>
    public (float[] Values, long[] Counts) GetValues(int neuron, float min, float max)
    {
        if (_rows is not null)
        {
            var values = new float[_rows.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = _rows[i][neuron];
            Array.Sort(values);
            return (values, [.. Enumerable.Repeat(1L, values.Length)]);
        }
        var (middles, counts) = (new List<float>(), new List<long>());
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            var count = _counts![(neuron * Buckets) + bucket];
            if (count == 0)
                continue;
            middles.Add(Math.Clamp(Middle(bucket), min, max));
            counts.Add(count);
        }
        return ([.. middles], [.. counts]);
    }

    /// <summary>Returns the bucket of a value; buckets ascend with the value.</summary>
    internal static int Bucket(float value)
    {
        var magnitude = (BitConverter.SingleToInt32Bits(Math.Abs(value)) >> BucketBits) - Lowest;
        if (magnitude < 0)
            return PerSign;
        magnitude = Math.Min(magnitude, PerSign - 1);
        return value > 0 ? PerSign + 1 + magnitude : PerSign - 1 - magnitude;
    }

    /// <summary>Returns the middle of a bucket.</summary>
    internal static float Middle(int bucket)
    {
        if (bucket == PerSign)
            return 0;
        var magnitude = bucket > PerSign ? bucket - PerSign - 1 : PerSign - 1 - bucket;
        var middle = BitConverter.Int32BitsToSingle(((magnitude + Lowest) << BucketBits) + (1 << (BucketBits - 1)));
        return bucket > PerSign ? middle : -middle;
    }
}
