using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Web.Data;

/// <summary>A neuron in two atlases.</summary>
/// <param name="Channel">Its channel.</param>
/// <param name="Shared">Images that are in its top 9 in both.</param>
/// <param name="Places">Places of the first atlas's top 9 whose image the other's set has, too: what <paramref name="Shared"/> is counted of.</param>
/// <param name="MaxOne">Its largest activation in the first.</param>
/// <param name="MaxOther">Its largest activation in the other.</param>
public sealed record NeuronChange(int Channel, int Shared, int Places, double? MaxOne, double? MaxOther);

/// <summary>A layer that both atlases have under one name, with as many channels.</summary>
/// <param name="One">The layer of the first.</param>
/// <param name="Other">That of the other.</param>
/// <param name="Neurons">Its neurons, those that changed most first; those without any place in both are left out.</param>
public sealed record LayerMatch(Layer One, Layer Other, IReadOnlyList<NeuronChange> Neurons)
{
    /// <summary>Mean share of the top 9 that stayed, from 0 to 1; null where nothing can be compared.</summary>
    public double? Stayed { get; } = Neurons.Count == 0 ? null : Neurons.Average(neuron => (double)neuron.Shared / neuron.Places);

    /// <summary>Neurons of which less than half of the top 9 stayed.</summary>
    public int Changed { get; } = Neurons.Count(neuron => 2 * neuron.Shared < neuron.Places);
}

/// <summary>A layer that the other atlas has under no such name, and the layer there whose neurons answer most alike.</summary>
/// <param name="One">The layer of the first.</param>
/// <param name="Other">The nearest of the other.</param>
/// <param name="Similarity">Mean over the first's neurons of the cosine with the most similar one there.</param>
/// <param name="Twins">Each neuron with the most similar one there, the most similar pairs first.</param>
public sealed record LayerKin(Layer One, Layer Other, double Similarity, IReadOnlyList<(int Channel, int Twin, float Similarity)> Twins);

/// <summary>Two atlases side by side: checkpoints of one network, or networks of one shape.</summary>
/// <param name="One">The first.</param>
/// <param name="Other">The other.</param>
/// <param name="Layers">Layers of both, in the first one's order.</param>
/// <param name="OnlyOne">Layers of the first that the other lacks.</param>
/// <param name="OnlyOther">Layers of the other that the first lacks.</param>
/// <param name="Kin">For the layers of the first that the other lacks, the nearest there; empty unless both searched the same images.</param>
public sealed record AtlasComparison(
    AtlasView One, AtlasView Other, IReadOnlyList<LayerMatch> Layers, IReadOnlyList<Layer> OnlyOne, IReadOnlyList<Layer> OnlyOther, IReadOnlyList<LayerKin> Kin)
{
    // Of networks of different depth, layers at like heights are compared: all pairs of two large ones would take a minute.
    private const double HeightReach = 0.25;

    /// <summary>Whether both searched the same images.</summary>
    public bool HasSameImages => One.Spec.Images.ManifestSha256 == Other.Spec.Images.ManifestSha256;

    /// <summary>The neurons that changed most, over all layers or in one.</summary>
    public IEnumerable<(LayerMatch Layer, NeuronChange Neuron)> MostChanged(Layer? layer) => Layers
        .Where(match => layer is null || match.One.Id == layer.Id)
        .SelectMany(match => match.Neurons.Select(neuron => (match, neuron)))
        .OrderBy(of => (double)of.neuron.Shared / of.neuron.Places).ThenBy(of => of.match.One.LayerIndex).ThenBy(of => of.neuron.Channel);

    /// <summary>Compares.</summary>
    public static async Task<AtlasComparison> ReadAsync(CatalogContext catalog, AtlasView one, AtlasView other, SimilarNeuronsCache similar, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(similar);
        var places = await PlacesAsync(catalog, one, other, cancellation);
        var matches = new List<LayerMatch>();
        foreach (var layer in one.Layers)
        {
            if (other.Layers.FirstOrDefault(candidate => candidate.Name == layer.Name && candidate.Channels == layer.Channels) is { } twin)
                matches.Add(new LayerMatch(layer, twin, await ChangesAsync(catalog, layer, twin, places, cancellation)));
        }
        Layer[] onlyOne = [.. one.Layers.Except(matches.Select(match => match.One))];
        return new AtlasComparison(one, other, matches, onlyOne, [.. other.Layers.Except(matches.Select(match => match.Other))], await KinAsync(one, other, onlyOne, similar, cancellation));
    }

    private static async Task<IReadOnlyList<LayerKin>> KinAsync(AtlasView one, AtlasView other, Layer[] layers, SimilarNeuronsCache similar, CancellationToken cancellation)
    {
        if (layers.Length == 0 || one.Spec.Images.ManifestSha256 != other.Spec.Images.ManifestSha256)
            return [];
        var (here, there) = (await IndexAsync(similar, one, cancellation), await IndexAsync(similar, other, cancellation));
        // One may still be without its profiles, or have them of other images.
        if (!here.Images.SequenceEqual(there.Images))
            return [];
        var kin = new List<LayerKin>();
        foreach (var layer in layers)
        {
            LayerKin? nearest = null;
            foreach (var candidate in other.Layers.Where(candidate => Math.Abs(Height(one, layer) - Height(other, candidate)) <= HeightReach))
            {
                cancellation.ThrowIfCancellationRequested();
                var twins = here.MostLikeAcross(layer.LayerIndex, there, candidate.LayerIndex);
                if (twins.Count == 0)
                    continue;
                var mean = twins.Average(twin => (double)twin.Similarity);
                if (nearest is null || mean > nearest.Similarity)
                    nearest = new LayerKin(layer, candidate, mean, [.. twins.Select((twin, channel) => (channel, twin.Channel, twin.Similarity)).Where(twin => twin.Channel >= 0).OrderByDescending(twin => twin.Similarity)]);
            }
            if (nearest is not null)
                kin.Add(nearest);
        }
        return kin;
    }

    private static double Height(AtlasView atlas, Layer layer) => atlas.Layers.Count < 2 ? 0 : layer.LayerIndex / (atlas.Layers.Count - 1.0);

    private static Task<SimilarNeurons> IndexAsync(SimilarNeuronsCache similar, AtlasView atlas, CancellationToken cancellation) =>
        similar.GetAsync(atlas.Id, [.. atlas.Layers.Select(layer => (layer.LayerIndex, layer.Name))], cancellation);

    // Images are the same where their paths are: index of the first atlas to index of the other. Null where the lists are one.
    private static async Task<Dictionary<int, int>?> PlacesAsync(CatalogContext catalog, AtlasView one, AtlasView other, CancellationToken cancellation)
    {
        if (one.Spec.Images.ManifestSha256 == other.Spec.Images.ManifestSha256)
            return null;
        var (first, second) = (one.Row.Id, other.Row.Id);
        return await (
            from image in catalog.Images
            where image.AtlasId == first
            join twin in catalog.Images.Where(image => image.AtlasId == second) on image.Path equals twin.Path
            select new { image.ImageIndex, Twin = twin.ImageIndex }).ToDictionaryAsync(pair => pair.ImageIndex, pair => pair.Twin, cancellation);
    }

    private static async Task<IReadOnlyList<NeuronChange>> ChangesAsync(CatalogContext catalog, Layer one, Layer other, Dictionary<int, int>? places, CancellationToken cancellation)
    {
        var (first, second) = (await TopAsync(catalog, one, cancellation), await TopAsync(catalog, other, cancellation));
        var (maxOne, maxOther) = (await MaximaAsync(catalog, one, cancellation), await MaximaAsync(catalog, other, cancellation));
        // A layer that is not merged yet has no top 9, which is no change of it.
        if (Array.TrueForAll(maxOne, max => max is null) || Array.TrueForAll(maxOther, max => max is null))
            return [];
        var changes = new List<NeuronChange>();
        for (var channel = 0; channel < one.Channels; channel++)
        {
            int[] known = [.. first[channel].Where(image => places is null || places.ContainsKey(image)).Select(image => places is null ? image : places[image])];
            if (known.Length > 0)
                changes.Add(new NeuronChange(channel, known.Count(second[channel].Contains), known.Length, maxOne[channel], maxOther[channel]));
        }
        return [.. changes.OrderBy(change => (double)change.Shared / change.Places).ThenBy(change => change.Channel)];
    }

    private static async Task<ILookup<int, int>> TopAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation) =>
        (await catalog.Patches.Where(patch => patch.LayerId == layer.Id).Select(patch => new { patch.Channel, patch.ImageIndex }).ToListAsync(cancellation)).ToLookup(patch => patch.Channel, patch => patch.ImageIndex);

    private static async Task<double?[]> MaximaAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation)
    {
        var maxima = new double?[layer.Channels];
        foreach (var neuron in await catalog.Neurons.Where(neuron => neuron.LayerId == layer.Id).Select(neuron => new { neuron.Channel, neuron.Max }).ToListAsync(cancellation))
            maxima[neuron.Channel] = neuron.Max;
        return maxima;
    }
}
