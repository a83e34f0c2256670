using CsCheck;
using VizPipeline.ActivationStore;

namespace VizPipeline.Tests.ActivationStore;

/// <summary>Answers equal those of plain sorting and of the textbook's formulas.</summary>
public class ActivationMathTests
{
    private static readonly Gen<float[]> Values =
        Gen.Int[0, 6].Select(value => value == 6 ? float.NaN : value - 2f).Array[0, 40];

    [Fact]
    public void The_largest_and_smallest_are_those_of_a_stable_sort()
    {
        Gen.Select(Values, Gen.Int[0, 50]).Sample((values, count) =>
        {
            var numbers = values.Index().Where(entry => !float.IsNaN(entry.Item)).ToList();
            Assert.Equal(
                numbers.OrderByDescending(entry => entry.Item).Take(count).Select(entry => entry.Index),
                ActivationMath.FindLargest(values, count));
            Assert.Equal(
                numbers.OrderBy(entry => entry.Item).Take(count).Select(entry => entry.Index), ActivationMath.FindSmallest(values, count));
        });
    }

    // numpy.quantile([0.0, 1, 2, 4, 8], [0, .3, .5, .95, 1]) and numpy.std.
    [Fact]
    public void A_distribution_has_the_quantiles_of_NumPy()
    {
        var found = ActivationMath.Describe([8, 0, float.NaN, 2, 1, 4], bins: 4, [0, 0.3, 0.5, 0.95, 1])!;
        Assert.Equal([0, 1.2, 2, 7.2, 8], found.Quantiles.Select(value => Math.Round(value, 9)));
        Assert.Equal([2, 1, 1, 1], found.Counts);
        Assert.Equal((5, 3.0, 0f, 8f), (found.Images, found.Mean, found.Min, found.Max));
        Assert.Equal(2.8284271247, found.StandardDeviation, 1e-9);
        Assert.Null(ActivationMath.Describe([float.NaN], 4, []));
    }

    // numpy.corrcoef([1, 2, 3, 5], [2, 1, 4, 4])[0, 1]
    [Fact]
    public void A_correlation_is_that_of_NumPy_and_leaves_out_missing_images()
    {
        Assert.Equal(
            0.748190056, ActivationMath.Correlate([1, 2, float.NaN, 3, 5, 9], [2, 1, 7, 4, 4, float.NaN])!.Value, 1e-6);
        Assert.Null(ActivationMath.Correlate([1, 1, 1], [1, 2, 3]));
        Assert.Null(ActivationMath.Correlate([1, float.NaN], [1, 2]));
    }

    [Fact]
    public void A_cosine_is_the_normalised_product()
    {
        // Three rows of two neurons, neuron by neuron: (3, 4), (0, 0), (-4, 3).
        var block = new ActivationRowsBlock(0, 3, [(Half)3, (Half)0, (Half)(-4), (Half)4, (Half)0, (Half)3]);
        Assert.Equal([1f, 0f, 0f], ActivationMath.Cosines([6, 8], block));
        Assert.Equal(0.6f, ActivationMath.Cosines([1, 0], block)[0], 1e-6f);
        Assert.Equal(-0.8f, ActivationMath.Cosines([1, 0], block)[2], 1e-6f);
    }
}
