namespace VizPipeline.ActivationStore;

/// <summary>Questions that kept activations answer. NaN, an image that could not be read, counts nowhere.</summary>
public static class ActivationMath
{
    /// <summary>Returns the places of the <paramref name="count"/> largest values: the largest first, equal ones by place.</summary>
    public static int[] FindLargest(ReadOnlySpan<float> values, int count) => Find(values, count, descending: true);

    /// <summary>Returns the places of the <paramref name="count"/> smallest values: the smallest first, equal ones by place.</summary>
    public static int[] FindSmallest(ReadOnlySpan<float> values, int count) => Find(values, count, descending: false);

    /// <summary>Computes the distribution of values; null if none of them is a number.</summary>
    /// <param name="values">Values in any order.</param>
    /// <param name="bins">Number of equal bins from the smallest to the largest value; the last one includes it.</param>
    /// <param name="levels">Levels of the quantiles, 0 to 1, interpolated linearly as NumPy does.</param>
    public static ValueDistribution? Describe(ReadOnlySpan<float> values, int bins, IReadOnlyList<double> levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        float[] sorted = [.. values.ToArray().Where(value => !float.IsNaN(value)).Order()];
        if (sorted.Length == 0)
            return null;
        var (low, high, counts) = (sorted[0], sorted[^1], new long[bins]);
        foreach (var value in sorted)
            counts[high > low ? Math.Clamp((int)((value - (double)low) / ((double)high - low) * bins), 0, bins - 1) : 0]++;
        var mean = sorted.Average(value => (double)value);
        return new ValueDistribution(
            sorted.Length, mean, Math.Sqrt(sorted.Average(value => (value - mean) * (value - mean))), low, high,
            [.. levels.Select(level => Quantile(sorted, level))], counts);
    }

    /// <summary>
    /// Returns the Pearson correlation of two neurons over the rows where both have a value; null with fewer than two such rows, or where
    /// one neuron is constant.
    /// </summary>
    public static double? Correlate(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        if (one.Length != other.Length)
            throw new ArgumentException($"{one.Length} and {other.Length} rows cannot be compared", nameof(other));
        var (count, sumOne, sumOther) = (0, 0.0, 0.0);
        for (var i = 0; i < one.Length; i++)
        {
            if (float.IsNaN(one[i]) || float.IsNaN(other[i]))
                continue;
            (count, sumOne, sumOther) = (count + 1, sumOne + one[i], sumOther + other[i]);
        }
        if (count < 2)
            return null;
        // Deviations from the means rather than sums of squares, which would cancel where the mean is large.
        var (meanOne, meanOther, squaresOne, squaresOther, products) = (sumOne / count, sumOther / count, 0.0, 0.0, 0.0);
        for (var i = 0; i < one.Length; i++)
        {
            if (float.IsNaN(one[i]) || float.IsNaN(other[i]))
                continue;
            var (a, b) = (one[i] - meanOne, other[i] - meanOther);
            (squaresOne, squaresOther, products) = (squaresOne + (a * a), squaresOther + (b * b), products + (a * b));
        }
        return squaresOne == 0 || squaresOther == 0 ? null : Math.Clamp(products / Math.Sqrt(squaresOne * squaresOther), -1, 1);
    }

    /// <summary>
    /// Returns the cosine of each row's activations with a pattern: how alike two images are to a layer. NaN for images without
    /// activations, 0 where all activations are 0.
    /// </summary>
    /// <param name="pattern">The pattern, [neurons].</param>
    /// <param name="block">The rows to compare with.</param>
    public static float[] Cosines(ReadOnlySpan<float> pattern, ActivationRowsBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var (products, squares, patternSquare) = (new double[block.Rows], new double[block.Rows], 0.0);
        for (var neuron = 0; neuron < block.Neurons; neuron++)
        {
            double expected = pattern[neuron];
            patternSquare += expected * expected;
            var column = block.GetNeuron(neuron);
            for (var row = 0; row < column.Length; row++)
            {
                var value = (double)column[row];
                products[row] += expected * value;
                squares[row] += value * value;
            }
        }
        var cosines = new float[block.Rows];
        for (var row = 0; row < cosines.Length; row++)
            cosines[row] = squares[row] == 0 || patternSquare == 0
                ? 0 : (float)Math.Clamp(products[row] / Math.Sqrt(squares[row] * patternSquare), -1, 1);
        return cosines;
    }

    private static int[] Find(ReadOnlySpan<float> values, int count, bool descending)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        // Of a million rows only those that can still enter the list are compared; the worst of the list leaves it first.
        var worstFirst = Comparer<(float Value, int Place)>.Create((one, other) => one.Value != other.Value
            ? descending ? one.Value.CompareTo(other.Value) : other.Value.CompareTo(one.Value) : other.Place.CompareTo(one.Place));
        var kept = new PriorityQueue<int, (float Value, int Place)>(worstFirst);
        for (var place = 0; place < values.Length && count > 0; place++)
        {
            if (float.IsNaN(values[place]))
                continue;
            if (kept.Count < count)
                kept.Enqueue(place, (values[place], place));
            else
                kept.EnqueueDequeue(place, (values[place], place));
        }
        var places = new int[kept.Count];
        for (var i = places.Length - 1; i >= 0; i--)
            places[i] = kept.Dequeue();
        return places;
    }

    private static double Quantile(float[] sorted, double level)
    {
        var position = level * (sorted.Length - 1);
        var below = (int)Math.Floor(position);
        return sorted[below] + ((sorted[Math.Min(below + 1, sorted.Length - 1)] - (double)sorted[below]) * (position - below));
    }
}

/// <summary>The distribution of a neuron's activations over images.</summary>
/// <param name="Images">Number of images counted.</param>
/// <param name="Mean">Mean activation.</param>
/// <param name="StandardDeviation">Population standard deviation.</param>
/// <param name="Min">Smallest activation.</param>
/// <param name="Max">Largest activation.</param>
/// <param name="Quantiles">One per requested level.</param>
/// <param name="Counts">Images per bin.</param>
public sealed record ValueDistribution(
    int Images, double Mean, double StandardDeviation, float Min, float Max, IReadOnlyList<double> Quantiles, IReadOnlyList<long> Counts);
