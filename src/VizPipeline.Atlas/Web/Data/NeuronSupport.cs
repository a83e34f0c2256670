using System.Globalization;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>
/// The support that a ranking by classes asks for: a neuron that one image excites is perfectly selective and pure, and says nothing.
/// Neurons whose activations can be negative are excited more or less by every image.
/// </summary>
public static class NeuronSupport
{
    /// <summary>The least number of images above 0, as many as there are patches.</summary>
    public const int LeastImages = 9;

    /// <summary>Returns the least number of images above 0 in an atlas; of a set of under 18 images, half.</summary>
    public static int FindLeast(LoadedAtlas atlas)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return Math.Clamp((atlas.Spec.Images.Count + 1) / 2, 1, LeastImages);
    }

    /// <summary>Returns whether a neuron has enough support.</summary>
    public static bool IsEnough(LoadedAtlas atlas, Neuron neuron)
    {
        ArgumentNullException.ThrowIfNull(neuron);
        return neuron.ActiveImages >= FindLeast(atlas) || ListSigned(atlas).Contains(neuron.LayerId);
    }

    /// <summary>Leaves out neurons without enough support.</summary>
    public static IQueryable<Neuron> Demand(IQueryable<Neuron> neurons, LoadedAtlas atlas)
    {
        var (least, signed) = (FindLeast(atlas), ListSigned(atlas));
        return neurons.Where(neuron => neuron.ActiveImages >= least || signed.Contains(neuron.LayerId));
    }

    /// <summary>Says which neurons a ranking leaves out.</summary>
    public static string Explain(int least) => string.Create(
        CultureInfo.InvariantCulture, $"neurons of rectified layers with fewer than {least} images above 0 are left out");

    /// <summary>
    /// Returns whether a query asks for support: it ranks by a statistic that a few images make extreme, and sets no bound of its own.
    /// </summary>
    public static bool IsAskedBy(string sort, IEnumerable<string> conditionsOn)
    {
        ArgumentNullException.ThrowIfNull(sort);
        var key = sort.TrimStart('-');
        return NeuronFacts.Statistics.Any(statistic => statistic.Name == key && statistic.Attribute.NeedsSupport)
            && !conditionsOn.Contains(NeuronFacts.ActiveImagesName);
    }

    private static List<int> ListSigned(LoadedAtlas atlas) =>
        [.. atlas.Layers.Where(layer => layer.Rectified == false).Select(layer => layer.Id)];
}
