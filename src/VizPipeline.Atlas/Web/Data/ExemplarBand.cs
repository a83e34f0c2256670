using System.Globalization;
using VizPipeline.ActivationStore;
using VizPipeline.Images;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A band of a neuron's activations and the images drawn from it (docs/methods.md, section 7).</summary>
/// <param name="LowLevel">Level of the quantile above which the band begins.</param>
/// <param name="HighLevel">Level of the quantile with which it ends, 1 for the largest activation.</param>
/// <param name="Low">The activation above which it begins.</param>
/// <param name="High">The largest activation that belongs to it.</param>
/// <param name="Images">Number of images in the band.</param>
/// <param name="Places">Places of the drawn values, the largest value first.</param>
internal sealed record ExemplarBand(double LowLevel, double HighLevel, double Low, double High, int Images, IReadOnlyList<int> Places)
{
    /// <summary>Images drawn from a band.</summary>
    public const int Drawn = 3;

    private static readonly double[] Levels = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1];

    /// <summary>The share of images that are in the band or above it, such as <c>top 1 to 5 %</c>.</summary>
    public string Name => HighLevel == 1
        ? string.Create(CultureInfo.InvariantCulture, $"top {100 * (1 - LowLevel):0.##} %")
        : string.Create(CultureInfo.InvariantCulture, $"top {100 * (1 - HighLevel):0.##} to {100 * (1 - LowLevel):0.##} %");

    /// <summary>
    /// Cuts the activations above the median at the quantiles .6, .7, .8, .9, .95, .99 and .999, and draws images from each band, always
    /// the same ones.
    /// </summary>
    /// <param name="values">Activations; NaN counts nowhere.</param>
    /// <param name="neuron">The neuron, whose number and the band's are the seed.</param>
    public static IReadOnlyList<ExemplarBand> Cut(ReadOnlySpan<float> values, int neuron)
    {
        if (ActivationMath.Describe(values, 1, Levels) is not { } found)
            return [];
        var bands = new List<ExemplarBand>();
        for (var band = 0; band + 1 < Levels.Length; band++)
        {
            var (low, high) = (found.Quantiles[band], found.Quantiles[band + 1]);
            var members = new List<int>();
            for (var place = 0; place < values.Length; place++)
            {
                if (values[place] > low && values[place] <= high)
                    members.Add(place);
            }
            bands.Add(new ExemplarBand(Levels[band], Levels[band + 1], low, high, members.Count, Draw(members, values, neuron, band)));
        }
        return bands;
    }

    private static int[] Draw(List<int> members, ReadOnlySpan<float> values, int neuron, int band)
    {
        var random = new SplitMix(neuron, band);
        var drawn = new (float Value, int Place)[Math.Min(Drawn, members.Count)];
        for (var i = 0; i < drawn.Length; i++)
        {
            var chosen = i + (int)(random.Uniform() * (members.Count - i));
            (members[i], members[chosen]) = (members[chosen], members[i]);
            drawn[i] = (values[members[i]], members[i]);
        }
        return [.. drawn.OrderByDescending(one => one.Value).ThenBy(one => one.Place).Select(one => one.Place)];
    }
}
