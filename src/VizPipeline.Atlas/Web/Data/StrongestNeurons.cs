using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>A neuron's answer to a picture, measured against its answers to the images of the set.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Name">The name of the output that it is, or null.</param>
/// <param name="Activation">Its activation on the picture.</param>
/// <param name="Ratio">That as a share of its largest activation over the set.</param>
/// <param name="Percentile">A lower bound of the share of images that excite it less, in percent: 0, 50, 90, 99 or 99.9; 100 for more than any.</param>
public sealed record NeuronResponse(Layer Layer, int Channel, string? Name, float Activation, double Ratio, double Percentile);

/// <summary>"Which neurons fire most?" Raw activations of two neurons say nothing about each other, so each is compared with its own past.</summary>
public static class StrongestNeurons
{
    /// <summary>The neurons that a picture excites most, best first: by percentile, then by share of their largest activation.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="activations">By layer, [neurons].</param>
    /// <param name="layer">Only of this layer; null for all.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task<IReadOnlyList<NeuronResponse>> FindAsync(
        CatalogContext catalog, AtlasView atlas, IReadOnlyList<float[]> activations, Layer? layer, int count, CancellationToken cancellation)
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
        return [.. past
            .Select(neuron =>
            {
                var of = layers[neuron.LayerId];
                var value = of.LayerIndex < activations.Count && neuron.Channel < activations[of.LayerIndex].Length ? activations[of.LayerIndex][neuron.Channel] : 0;
                return new NeuronResponse(of, neuron.Channel, neuron.Name, value, value / neuron.Max!.Value, ActivationShare.Below(neuron, value));
            })
            .Where(response => response.Activation > 0)
            .OrderByDescending(response => response.Percentile).ThenByDescending(response => response.Ratio).ThenBy(response => response.Layer.LayerIndex).ThenBy(response => response.Channel)
            .Take(count)];
    }
}
