using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A neuron that stands for its layer.</summary>
/// <param name="Channel">The neuron's channel.</param>
/// <param name="Name">The name of the output; null for other neurons.</param>
/// <param name="Missing">The ids of the views that have no picture of the neuron.</param>
public sealed record ChosenNeuron(int Channel, string? Name, IReadOnlySet<string> Missing);

/// <summary>
/// Chooses the neurons that stand for a layer: alive, with pictures if there are any, and the most selective for a class. Where classes
/// have too few images to be preferred, those with the largest activations.
/// </summary>
public static class ChosenNeurons
{
    // So many candidates per neuron wanted: a candidate without a picture gives way to one with a picture.
    private const int Candidates = 3;

    /// <summary>
    /// Returns the views that neurons are shown in where they stand for a layer, the first one first: the first ascent, then the patches
    /// and their deconvolutions.
    /// </summary>
    public static IReadOnlyList<TileView> ListViews(LoadedAtlas atlas)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        return [.. atlas.Views.Where(view => view.Ascent.Preset.Length > 0).Take(1), .. atlas.Views.Where(view => view.ShowsPatches)];
    }

    /// <summary>Chooses the neurons of a layer.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="views">The views to look for; neurons with a picture in the first one come before others.</param>
    /// <param name="count">The maximum number of neurons.</param>
    /// <param name="cancellation">Cancels reading.</param>
    public static async Task<IReadOnlyList<ChosenNeuron>> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, IReadOnlyList<TileView> views, int count, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(views);
        var alive = catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id && neuron.Dead != true);
        var (least, isSigned) = (NeuronSupport.FindLeast(atlas), layer.Rectified == false);
        var best = await (atlas.TellsClasses
            ? alive.OrderByDescending(neuron => neuron.ActiveImages >= least || isSigned ? 1 : 0)
                .ThenByDescending(neuron => neuron.ClassSelectivity ?? 0).ThenBy(neuron => neuron.Channel)
            : alive.OrderByDescending(neuron => neuron.Max ?? 0).ThenBy(neuron => neuron.Channel))
            .Select(neuron => new { neuron.Channel, neuron.Name }).Take(Candidates * count).ToListAsync(cancellation);
        var channels = best.Select(neuron => neuron.Channel).ToList();
        var keys = (await catalog.Pictures
            .Where(picture => picture.LayerId == layer.Id && channels.Contains(picture.Channel) && picture.Key != null)
            .Select(picture => picture.Key!).ToListAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        return [.. best
            .Select(neuron => new ChosenNeuron(neuron.Channel, neuron.Name, views
                .Where(view => view.Key(atlas.Id, layer.Name, neuron.Channel) is { } key && !keys.Contains(key))
                .Select(view => view.Id).ToHashSet(StringComparer.Ordinal)))
            .OrderBy(neuron => views.Count > 0 && neuron.Missing.Contains(views[0].Id) ? 1 : 0).Take(count)];
    }
}
