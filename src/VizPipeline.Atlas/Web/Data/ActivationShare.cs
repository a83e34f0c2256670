using System.Globalization;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Estimates the share of images whose activation of a neuron is below a given one, from the neuron's stored quantiles.</summary>
public static class ActivationShare
{
    /// <summary>Returns a lower bound in percent: 0, 50, 90, 99 or 99.9, or 100 if the activation is above that of every image.</summary>
    /// <param name="neuron">The neuron with its statistics.</param>
    /// <param name="activation">The activation.</param>
    public static double Below(Neuron neuron, double activation)
    {
        ArgumentNullException.ThrowIfNull(neuron);
        if (activation > neuron.Max)
            return 100;
        // Strictly above, because a saturated neuron has its largest value on many images. Of ten images, none can be above 99 %.
        var most = neuron.Images is > 0 and var images ? 100.0 * (images - 1) / images : 0;
        foreach (var (level, quantile) in new[] { (99.9, neuron.Q999), (99, neuron.Q99), (90, neuron.Q90), (50, neuron.Q50) })
        {
            if (level <= most && activation > quantile)
                return level;
        }
        return 0;
    }

    /// <summary>Formats the bound for display, such as <c>&gt; 99 %</c>; empty below the median.</summary>
    public static string Text(Neuron neuron, double activation) => Below(neuron, activation) switch
    {
        0 => "",
        100 => "> any image",
        var share => $"> {share.ToString(CultureInfo.InvariantCulture)} %",
    };
}
