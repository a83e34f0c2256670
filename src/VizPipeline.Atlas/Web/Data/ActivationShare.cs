using System.Globalization;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>Which part of the images excites a neuron less than an activation does, as far as its stored quantiles tell.</summary>
public static class ActivationShare
{
    /// <summary>A lower bound of that part, in percent: 0, 50, 90, 99 or 99.9, and 100 for more than any image.</summary>
    /// <param name="neuron">The neuron, with its statistics.</param>
    /// <param name="activation">The activation.</param>
    public static double Below(Neuron neuron, double activation)
    {
        ArgumentNullException.ThrowIfNull(neuron);
        if (activation > neuron.Max)
            return 100;
        // Strictly above: a neuron that saturates has its largest value on many images. And of ten images none is above 99 %.
        var most = neuron.Images is > 0 and var images ? 100.0 * (images - 1) / images : 0;
        foreach (var (level, quantile) in new[] { (99.9, neuron.Q999), (99, neuron.Q99), (90, neuron.Q90), (50, neuron.Q50) })
        {
            if (level <= most && activation > quantile)
                return level;
        }
        return 0;
    }

    /// <summary>That for people: <c>&gt; 99 %</c>; empty below the median.</summary>
    public static string Text(Neuron neuron, double activation) => Below(neuron, activation) switch
    {
        0 => "",
        100 => "> any image",
        var share => $"> {share.ToString(CultureInfo.InvariantCulture)} %",
    };
}
