namespace VizPipeline.Jobs;

/// <summary>The outputs of a classifier as probabilities.</summary>
public static class OutputProbabilities
{
    // How far a sum of rounded probabilities may be from 1.
    private const double Rounding = 1e-3;

    /// <summary>
    /// Returns the softmax of the values, or the values themselves if they are probabilities already: the network ends with a softmax.
    /// </summary>
    /// <param name="values">One value per output; at least one.</param>
    public static double[] From(IReadOnlyList<float> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.All(value => value is >= 0 and <= 1) && Math.Abs(values.Sum(value => (double)value) - 1) < Rounding)
            return [.. values.Select(value => (double)value)];
        // Subtracting the largest keeps the exponentials finite.
        var largest = values.Max();
        double[] parts = [.. values.Select(value => Math.Exp((double)value - largest))];
        var sum = parts.Sum();
        return [.. parts.Select(part => part / sum)];
    }
}
