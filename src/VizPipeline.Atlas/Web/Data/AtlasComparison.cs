using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The comparison of a neuron in two atlases.</summary>
/// <param name="Channel">The channel of the neuron.</param>
/// <param name="Shared">The number of images in its top 9 in both atlases.</param>
/// <param name="Places">
/// The number of images in its top 9 in the first atlas that the other image set contains too: the most that can be shared.
/// </param>
/// <param name="MaxOne">The largest activation in the first atlas.</param>
/// <param name="MaxOther">The largest activation in the other atlas.</param>
public sealed record NeuronChange(int Channel, int Shared, int Places, double? MaxOne, double? MaxOther)
{
    /// <summary>Whether it keeps its whole top 9.</summary>
    public bool IsWhole => Shared == Places;
}

/// <summary>A layer that has the same name and number of channels in both atlases.</summary>
/// <param name="One">The layer of the first atlas.</param>
/// <param name="Other">The layer of the other atlas.</param>
/// <param name="Neurons">The neurons, those that changed most first; neurons without a comparable image are left out.</param>
public sealed record LayerMatch(Layer One, Layer Other, IReadOnlyList<NeuronChange> Neurons)
{
    /// <summary>The mean share of the top 9 that is kept, from 0 to 1; null if no neuron can be compared.</summary>
    public double? Stayed { get; } = Neurons.Count == 0 ? null : Neurons.Average(neuron => (double)neuron.Shared / neuron.Places);

    /// <summary>The number of neurons that keep fewer than half of their top 9.</summary>
    public int Changed { get; } = Neurons.Count(neuron => 2 * neuron.Shared < neuron.Places);

    /// <summary>The number of neurons that keep their whole top 9.</summary>
    public int Whole { get; } = Neurons.Count(neuron => neuron.IsWhole);

    /// <summary>The number of neurons that keep nothing of their top 9.</summary>
    public int Renewed { get; } = Neurons.Count(neuron => neuron.Shared == 0);
}

/// <summary>A layer that only the first atlas has, and the layer of the other atlas whose neurons respond most similarly.</summary>
/// <param name="One">The layer of the first atlas.</param>
/// <param name="Other">The most similar layer of the other atlas.</param>
/// <param name="Similarity">
/// The mean, over the neurons of the first layer, of the cosine with their most similar neuron in the other layer.
/// </param>
/// <param name="Twins">Each neuron and its most similar neuron in the other layer, the most similar pairs first.</param>
public sealed record LayerKin(Layer One, Layer Other, double Similarity, IReadOnlyList<(int Channel, int Twin, float Similarity)> Twins);

/// <summary>The comparison of two atlases, such as those of two checkpoints of a network.</summary>
/// <param name="One">The first atlas.</param>
/// <param name="Other">The other atlas.</param>
/// <param name="Layers">The layers in both atlases, in the order of the first.</param>
/// <param name="OnlyOne">The layers that only the first atlas has.</param>
/// <param name="OnlyOther">The layers that only the other atlas has.</param>
/// <param name="Kin">
/// The most similar layer for each layer that only the first atlas has; empty unless both searched the same images.
/// </param>
public sealed record AtlasComparison(
    LoadedAtlas One, LoadedAtlas Other, IReadOnlyList<LayerMatch> Layers, IReadOnlyList<Layer> OnlyOne, IReadOnlyList<Layer> OnlyOther,
    IReadOnlyList<LayerKin> Kin)
{
    // Only layers at a similar relative depth are compared, because all pairs of two large networks would take a minute.
    private const double MaxDepthDifference = 0.25;

    /// <summary>Whether both atlases searched the same images.</summary>
    public bool HasSameImages => One.Spec.Images.ManifestHash == Other.Spec.Images.ManifestHash;

    /// <summary>
    /// Returns the neurons that changed, those that changed most first, of all layers or of one. Neurons that keep their whole top 9 are
    /// left out.
    /// </summary>
    public IEnumerable<(LayerMatch Layer, NeuronChange Neuron)> MostChanged(Layer? layer) => Layers
        .Where(match => layer is null || match.One.Id == layer.Id)
        .SelectMany(match => match.Neurons.Where(neuron => !neuron.IsWhole).Select(neuron => (match, neuron)))
        .OrderBy(of => (double)of.neuron.Shared / of.neuron.Places).ThenBy(of => of.match.One.LayerIndex).ThenBy(of => of.neuron.Channel);

    /// <summary>Compares two atlases.</summary>
    public static async Task<AtlasComparison> ReadAsync(
        CatalogContext catalog, LoadedAtlas one, LoadedAtlas other, SimilarNeuronsCache similar, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(similar);
        var places = await MapImagesAsync(catalog, one, other, cancellation);
        var matches = new List<LayerMatch>();
        foreach (var layer in one.Layers)
        {
            if (other.Layers.FirstOrDefault(candidate => candidate.Name == layer.Name && candidate.Channels == layer.Channels) is { } twin)
                matches.Add(new LayerMatch(layer, twin, await CompareNeuronsAsync(catalog, layer, twin, places, cancellation)));
        }
        Layer[] onlyOne = [.. one.Layers.Except(matches.Select(match => match.One))];
        return new AtlasComparison(
            one, other, matches, onlyOne, [.. other.Layers.Except(matches.Select(match => match.Other))],
            await FindKinAsync(one, other, onlyOne, similar, cancellation));
    }

    private static async Task<IReadOnlyList<LayerKin>> FindKinAsync(
        LoadedAtlas one, LoadedAtlas other, Layer[] layers, SimilarNeuronsCache similar, CancellationToken cancellation)
    {
        if (layers.Length == 0 || one.Spec.Images.ManifestHash != other.Spec.Images.ManifestHash)
            return [];
        var (here, there) = (await GetIndexAsync(similar, one, cancellation), await GetIndexAsync(similar, other, cancellation));
        // One of them may lack profiles, or have profiles of other images.
        if (!here.Images.SequenceEqual(there.Images))
            return [];
        var kin = new List<LayerKin>();
        foreach (var layer in layers)
        {
            LayerKin? nearest = null;
            foreach (var candidate in other.Layers.Where(
                candidate => Math.Abs(RelativeDepth(one, layer) - RelativeDepth(other, candidate)) <= MaxDepthDifference))
            {
                cancellation.ThrowIfCancellationRequested();
                var twins = here.FindSimilarAcross(layer.LayerIndex, there, candidate.LayerIndex);
                if (twins.Count == 0)
                    continue;
                var mean = twins.Average(twin => (double)twin.Similarity);
                if (nearest is null || mean > nearest.Similarity)
                    nearest = new LayerKin(
                        layer, candidate, mean,
                        [.. twins.Select((twin, channel) => (channel, twin.Channel, twin.Similarity)).Where(twin => twin.Channel >= 0)
                        .OrderByDescending(twin => twin.Similarity)]);
            }
            if (nearest is not null)
                kin.Add(nearest);
        }
        return kin;
    }

    private static double RelativeDepth(LoadedAtlas atlas, Layer layer) =>
        atlas.Layers.Count < 2 ? 0 : atlas.FindPlace(layer.LayerIndex) / (atlas.Layers.Count - 1.0);

    private static Task<SimilarNeurons> GetIndexAsync(SimilarNeuronsCache similar, LoadedAtlas atlas, CancellationToken cancellation) =>
        similar.GetAsync(atlas.Id, [.. atlas.Layers.Select(layer => (layer.LayerIndex, layer.Name))], atlas.Row.FinishedAt, cancellation);

    // Maps image indices of the first atlas to those of the other, by path. Null if both have the same image list.
    private static async Task<Dictionary<int, int>?> MapImagesAsync(
        CatalogContext catalog, LoadedAtlas one, LoadedAtlas other, CancellationToken cancellation)
    {
        if (one.Spec.Images.ManifestHash == other.Spec.Images.ManifestHash)
            return null;
        var (first, second) = (one.Row.Id, other.Row.Id);
        return await (
            from image in catalog.Images
            where image.AtlasId == first
            join twin in catalog.Images.Where(image => image.AtlasId == second) on image.Path equals twin.Path
            select new { image.ImageIndex, Twin = twin.ImageIndex })
                .ToDictionaryAsync(pair => pair.ImageIndex, pair => pair.Twin, cancellation);
    }

    private static async Task<IReadOnlyList<NeuronChange>> CompareNeuronsAsync(
        CatalogContext catalog, Layer one, Layer other, Dictionary<int, int>? places, CancellationToken cancellation)
    {
        var (first, second) =
            (await ReadTopImagesAsync(catalog, one, cancellation), await ReadTopImagesAsync(catalog, other, cancellation));
        var (maxOne, maxOther) = (await ReadMaximaAsync(catalog, one, cancellation), await ReadMaximaAsync(catalog, other, cancellation));
        // A layer that is not merged yet has no top 9; that is not a change.
        if (Array.TrueForAll(maxOne, max => max is null) || Array.TrueForAll(maxOther, max => max is null))
            return [];
        var changes = new List<NeuronChange>();
        for (var channel = 0; channel < one.Channels; channel++)
        {
            int[] known = [
                .. first[channel].Where(image => places is null || places.ContainsKey(image))
                .Select(image => places is null ? image : places[image])];
            if (known.Length > 0)
                changes.Add(
                    new NeuronChange(channel, known.Count(second[channel].Contains), known.Length, maxOne[channel], maxOther[channel]));
        }
        return [.. changes.OrderBy(change => (double)change.Shared / change.Places).ThenBy(change => change.Channel)];
    }

    private static async Task<ILookup<int, int>> ReadTopImagesAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation) =>
        (await catalog.Patches.Where(patch => patch.LayerId == layer.Id).Select(patch => new { patch.Channel, patch.ImageIndex })
            .ToListAsync(cancellation)).ToLookup(patch => patch.Channel, patch => patch.ImageIndex);

    private static async Task<double?[]> ReadMaximaAsync(CatalogContext catalog, Layer layer, CancellationToken cancellation)
    {
        var maxima = new double?[layer.Channels];
        foreach (var neuron in await catalog.Neurons.Where(neuron => neuron.LayerId == layer.Id)
            .Select(neuron => new { neuron.Channel, neuron.Max }).ToListAsync(cancellation))
            maxima[neuron.Channel] = neuron.Max;
        return maxima;
    }
}
