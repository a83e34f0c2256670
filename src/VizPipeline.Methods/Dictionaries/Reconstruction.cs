namespace VizPipeline.Methods.Dictionaries;

/// <summary>
/// Sums over the places of images from which the quality of a dictionary follows (docs/methods.md, section 12). Sums of parts of an image
/// set add up to those of the whole.
/// </summary>
/// <param name="Places">Number of places: positions of all images.</param>
/// <param name="Active">Number of features above 0, over all places.</param>
/// <param name="Error">Sum of the squared differences between the layer's values and the restored ones; null without a decoder.</param>
/// <param name="Squares">Sum of the squared values of the layer.</param>
/// <param name="Sums">Sum of the layer's values per channel, [d].</param>
/// <param name="Used">For each feature, the number of places where it is not 0, [f].</param>
public sealed record Reconstruction(long Places, long Active, double? Error, double Squares, double[] Sums, long[] Used)
{
    /// <summary>
    /// R squared: 1 - error / variance, where the variance is that around the mean of each channel. Null without a decoder, or if the layer
    /// is constant.
    /// </summary>
    public double? R2()
    {
        var variance = Squares - (Sums.Sum(sum => sum * sum) / Math.Max(1, Places));
        return Error is { } error && variance > 0 ? 1 - (error / variance) : null;
    }

    /// <summary>L0: mean number of features above 0 at a place.</summary>
    public double L0() => Places == 0 ? 0 : (double)Active / Places;

    /// <summary>Share of the features that are 0 at every place.</summary>
    public double DeadShare() => Used.Length == 0 ? 0 : (double)Used.Count(count => count == 0) / Used.Length;

    /// <summary>Adds the sums of other places.</summary>
    /// <exception cref="ArgumentException">They are of another layer or dictionary.</exception>
    public Reconstruction Plus(Reconstruction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Sums.Length != Sums.Length || other.Used.Length != Used.Length)
            throw new ArgumentException("the sums are of another dictionary", nameof(other));
        return new Reconstruction(
            Places + other.Places, Active + other.Active, Error + other.Error, Squares + other.Squares,
            [.. Sums.Zip(other.Sums, (one, two) => one + two)], [.. Used.Zip(other.Used, (one, two) => one + two)]);
    }
}
