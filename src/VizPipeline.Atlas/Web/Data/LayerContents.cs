using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The contents of a layer's page: its neurons and its filter picture.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Neurons">The neurons by channel.</param>
/// <param name="FiltersKey">The object key of the filter picture; null if there is none.</param>
public sealed record LayerContents(Layer Layer, IReadOnlyList<Neuron> Neurons, string? FiltersKey)
{
    /// <summary>Reads the contents.</summary>
    public static async Task<LayerContents> ReadAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation) => new(
        layer,
        await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id).OrderBy(neuron => neuron.Channel)
            .ToListAsync(cancellation),
        await catalog.Pictures.Where(
            picture => picture.LayerId == layer.Id && picture.Channel == PictureRow.WholeLayer && picture.Method == PictureMethod.Filters)
            .Select(picture => picture.Key).FirstOrDefaultAsync(cancellation));

    /// <summary>Returns the histogram of a statistic over the neurons, with 24 bins; empty if no neuron has the statistic.</summary>
    public (IReadOnlyList<int> Counts, double Low, double High) Distribution(Func<Neuron, double?> statistic)
    {
        const int Bins = 24;
        var values = Neurons.Select(statistic).OfType<double>().ToList();
        if (values.Count == 0)
            return ([], 0, 0);
        var (low, high, counts) = (values.Min(), values.Max(), new int[Bins]);
        foreach (var value in values)
            counts[high > low ? Math.Min(Bins - 1, (int)((value - low) / (high - low) * Bins)) : 0]++;
        return (counts, low, high);
    }
}
