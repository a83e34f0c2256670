using System.Globalization;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Worker.Jobs;

/// <summary>Compares texts whose numbers with a point may differ in their last digits.</summary>
internal static partial class SameNumbers
{
    /// <summary>Compares two texts.</summary>
    /// <param name="expected">The expected text.</param>
    /// <param name="actual">The text to check.</param>
    /// <param name="absolute">
    /// The difference that a number may have beside a millionth of its value: 1e-9 suits sums of float64 over other shards, 1e-6 float32
    /// activations of images that were in other batches, whose small values are sums of much larger ones.
    /// </param>
    public static void Assert(string expected, string actual, double absolute = 1e-9)
    {
        Xunit.Assert.Equal(Number().Replace(expected, "#"), Number().Replace(actual, "#"));
        foreach (var (one, other) in Parse(expected).Zip(Parse(actual)))
            Xunit.Assert.Equal(one, other, absolute + (1e-6 * Math.Abs(one)));
    }

    private static IEnumerable<double> Parse(string text) => Number().Matches(text).Select(
        number => double.Parse(number.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"-?\d+\.\d+(E-?\d+)?")]
    private static partial Regex Number();
}
