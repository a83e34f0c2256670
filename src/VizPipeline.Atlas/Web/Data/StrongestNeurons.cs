using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The response of a neuron to a picture, compared with its responses to the images of the set.</summary>
/// <param name="Layer">The layer of the neuron.</param>
/// <param name="Channel">The channel of the neuron.</param>
/// <param name="Name">The name of the output, for output neurons; otherwise null.</param>
/// <param name="Activation">The activation for the picture.</param>
/// <param name="Ratio">The activation divided by the neuron's largest activation over the set.</param>
/// <param name="Percentile">
/// A lower bound of the share of images with a smaller activation, in percent: 0, 50, 90, 99 or 99.9; 100 if larger than all.
/// </param>
public sealed record NeuronResponse(Layer Layer, int Channel, string? Name, float Activation, double Ratio, double Percentile);

/// <summary>
/// Finds the neurons that respond most to a picture. Raw activations of different neurons are not comparable, so each is compared with the
/// neuron's own activations over the image set.
/// </summary>
public static class StrongestNeurons
{
    /// <summary>Returns the neurons with the strongest response, by percentile, then by ratio to their largest activation.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="activations">The activations by layer, [neurons] each.</param>
    /// <param name="layer">The layer to search; null for all.</param>
    /// <param name="count">The maximum number of neurons.</param>
    /// <param name="cancellation">Cancels the search.</param>
    public static async Task<IReadOnlyList<NeuronResponse>> FindAsync(
        CatalogContext catalog, LoadedAtlas atlas, IReadOnlyList<float[]> activations, Layer? layer, int count,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(activations);
        var layers = atlas.Layers.Where(row => layer is null || row.Id == layer.Id).ToDictionary(row => row.Id);
        var ids = layers.Keys.ToList();
        var past = await catalog.Neurons.AsNoTracking().Where(neuron => ids.Contains(neuron.LayerId) && neuron.Max > 0)
            .Select(neuron => new Neuron
            {
                LayerId = neuron.LayerId,
                Channel = neuron.Channel,
                Name = neuron.Name,
                Images = neuron.Images,
                Max = neuron.Max,
                Q50 = neuron.Q50,
                Q90 = neuron.Q90,
                Q99 = neuron.Q99,
                Q999 = neuron.Q999,
            }).ToListAsync(cancellation);
        var own = layers.ToDictionary(of => of.Key, of => atlas.FindActivations(activations, of.Value));
        return [.. past
            .Select(neuron =>
            {
                var value = neuron.Channel < own[neuron.LayerId].Length ? own[neuron.LayerId][neuron.Channel] : 0;
                return new NeuronResponse(
                    layers[neuron.LayerId], neuron.Channel, neuron.Name, value, value / neuron.Max!.Value,
                    ActivationShare.Below(neuron, value));
            })
            .Where(response => response.Activation > 0)
            .OrderByDescending(response => response.Percentile).ThenByDescending(response => response.Ratio)
            .ThenBy(response => response.Layer.LayerIndex).ThenBy(response => response.Channel)
            .Take(count)];
    }
}
