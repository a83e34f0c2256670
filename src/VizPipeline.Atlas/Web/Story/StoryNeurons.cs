using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>Where in the network a neuron of the story sits.</summary>
public enum StoryDepth
{
    /// <summary>The first layer with feature maps.</summary>
    Early,

    /// <summary>A layer half way.</summary>
    Middle,

    /// <summary>The last layer with feature maps.</summary>
    Late,
}

/// <summary>A neuron that the story chose.</summary>
/// <param name="Depth">Where it sits.</param>
/// <param name="Layer">Its layer.</param>
/// <param name="Channel">Its channel.</param>
public sealed record StoryNeuron(StoryDepth Depth, Layer Layer, int Channel)
{
    // A neuron whose best image is far from the next ones does not show a pattern but an outlier.
    private const double Outlier = 1.5;

    /// <summary>
    /// Chooses the clearest neuron of an early, a middle and a late layer: one that responds rarely but then strongly, prefers a class, and
    /// whose nine strongest patches agree; in a layer that reads the image also one whose filter is no uniform colour. Layers without
    /// finished pictures are passed over.
    /// </summary>
    /// <exception cref="ObjectStore.ObjectStoreException">The object store cannot be read.</exception>
    public static async Task<IReadOnlyList<StoryNeuron>> ChooseAsync(
        CatalogContext catalog, LoadedAtlas atlas, LinkTables links, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(atlas);
        Layer[] maps = [.. atlas.Layers.Where(layer => layer.Height * layer.Width > 1)];
        if (maps.Length == 0)
            maps = [.. atlas.Layers];
        // Layers with weights have filters to show; a pooling layer repeats what the layer before it shows.
        if (Array.Exists(maps, layer => HasWeights(atlas, layer)))
            maps = [.. maps.Where(layer => HasWeights(atlas, layer))];
        var chosen = new List<StoryNeuron>();
        foreach (var (depth, start) in new[]
        {
            (StoryDepth.Early, 0), (StoryDepth.Middle, maps.Length / 2), (StoryDepth.Late, maps.Length - 1),
        })
        {
            if (start < 0 || start >= maps.Length || chosen.Exists(known => known.Layer == maps[start]))
                continue;
            var filters = HasWeights(atlas, maps[start]) ? await links.FindAsync(atlas.Id, maps[start].Name, cancellation) : null;
            if (await ChooseAsync(catalog, atlas, maps[start], filters, cancellation) is { } channel)
                chosen.Add(new StoryNeuron(depth, maps[start], channel));
        }
        return chosen;
    }

    private static bool HasWeights(LoadedAtlas atlas, Layer layer) => atlas.Spec.GetLayer(layer.LayerIndex).HasWeights();

    private static async Task<int?> ChooseAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, LinkTable? filters, CancellationToken cancellation)
    {
        var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id && neuron.Dead != true
            && catalog.Pictures.Any(picture => picture.LayerId == layer.Id && picture.Channel == neuron.Channel
                && (picture.Method == PictureMethod.Deconv || picture.Method == PictureMethod.Top9)
                && picture.Key != null)).ToListAsync(cancellation);
        if (neurons.Count == 0)
            return null;
        var activations = (await catalog.Patches.AsNoTracking().Where(patch => patch.LayerId == layer.Id)
            .Select(patch => new { patch.Channel, patch.Rank, patch.Activation }).ToListAsync(cancellation)).ToLookup(row => row.Channel);
        var candidates = neurons.Select(neuron =>
        {
            var top = activations[neuron.Channel].OrderBy(row => row.Rank).Select(row => (double)row.Activation).ToList();
            var isSupported = NeuronSupport.IsEnough(atlas, neuron);
            var isOutlier = top.Count > 2 && top[2] > 0 && top[0] > Outlier * top[2];
            return (neuron.Channel, IsOutlier: isOutlier, Peak: neuron.Mean is > 0 and var mean && top.Count > 0 ? top[^1] / mean : 0,
                Selectivity: isSupported ? neuron.ClassSelectivity ?? 0 : 0, Purity: isSupported ? neuron.TopPurity ?? 0 : 0,
                Structure: FindStructure(filters, neuron.Channel));
        }).ToList();
        var score = new double[candidates.Count];
        foreach (var measure in new Func<int, double>[]
        {
            i => candidates[i].Peak, i => candidates[i].Selectivity, i => candidates[i].Purity, i => candidates[i].IsOutlier ? 0 : 1,
            i => candidates[i].Structure,
        })
        {
            var order = Enumerable.Range(0, score.Length).GroupBy(measure).OrderBy(group => group.Key).ToList();
            for (var place = 0; place < order.Count; place++)
            {
                foreach (var i in order[place])
                    score[i] += (place + 1.0) / order.Count;
            }
        }
        return candidates[Array.IndexOf(score, score.Max())].Channel;
    }

    // The share of a filter's energy that changes from pixel to pixel: 0 for a uniform colour, 1 for an edge. 0 also for deeper layers,
    // whose filters nobody sees.
    private static double FindStructure(LinkTable? filters, int channel)
    {
        if (filters is null || channel >= filters.Neurons.Count || !filters.Neurons[channel].Inputs.All(link => link.IsInput))
            return 0;
        var (energy, uniform) = (0.0, 0.0);
        foreach (var weights in filters.Neurons[channel].Inputs.Select(link => link.Kernel?.Weights ?? []))
        {
            if (weights.Count == 0)
                continue;
            energy += weights.Sum(weight => (double)weight * weight);
            uniform += Math.Pow(weights.Average(weight => (double)weight), 2) * weights.Count;
        }
        return energy > 0 ? 1 - (uniform / energy) : 0;
    }
}
