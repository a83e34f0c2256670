using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Web.Data;

/// <summary>A layer's neurons and its picture of filters.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Neurons">By channel.</param>
/// <param name="FiltersKey">Key of the picture of its filters; null where it has none.</param>
public sealed record LayerContents(Layer Layer, IReadOnlyList<Neuron> Neurons, string? FiltersKey)
{
    /// <summary>Reads it.</summary>
    public static async Task<LayerContents> ReadAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation) => new(
        layer,
        await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id).OrderBy(neuron => neuron.Channel).ToListAsync(cancellation),
        await catalog.Pictures.Where(picture => picture.LayerId == layer.Id && picture.Channel == PictureRow.WholeLayer && picture.Method == PictureMethod.Filters)
            .Select(picture => picture.Key).FirstOrDefaultAsync(cancellation));

    /// <summary>How many neurons fall into each of 24 equal parts of a statistic's range; empty where it is not known.</summary>
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
