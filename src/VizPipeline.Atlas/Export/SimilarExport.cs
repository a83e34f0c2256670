using System.Runtime.CompilerServices;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>similar_neurons</c>: the neurons most similar to each neuron, as the pages and the API show them.</summary>
internal static class SimilarExport
{
    /// <summary>How many similar neurons each neuron has.</summary>
    public const int Count = 10;

    public static ExportTable<Row> Table { get; } = new("similar_neurons",
    [
        new("layer", Text, row => row.Layer, "name of the layer"),
        new("channel", Integer, row => row.Channel, "number of the neuron in its layer"),
        new("rank", Integer, row => row.Rank, "place among the most similar neurons of all layers, from 1"),
        new("other_layer", Text, row => row.OtherLayer, "layer of the similar neuron"),
        new("other_channel", Integer, row => row.OtherChannel, "number of the similar neuron in its layer"),
        new("similarity", ColumnKind.Single, row => row.Similarity,
            "cosine of their centred activations over up to 512 images of the set, from -1 to 1"),
    ], "one row per neuron and rank, for the ten most similar neurons; none for neurons that are constant over the sampled images");

    /// <summary>Computes all rows, ordered by layer, channel and rank, from the profiles of the layers that have any.</summary>
    public static async IAsyncEnumerable<Row> ReadAllAsync(
        CatalogContext catalog, int atlasId, AtlasSpec spec, SimilarNeuronsCache similar,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var layers = await catalog.LayersAsync(atlasId, cancellation);
        var names = layers.ToDictionary(layer => layer.LayerIndex, layer => layer.Name);
        var ended = (await catalog.FindAtlasAsync(spec.Id, cancellation))?.FinishedAt;
        var index = await similar.GetAsync(spec.Id, [.. layers.Select(layer => (layer.LayerIndex, layer.Name))], ended, cancellation);
        // Half of the cores: on a server, the others are for those who look at pages.
        var options = new ParallelOptions
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount / 2),
        };
        foreach (var layer in layers.Where(layer => index.Layers.Contains(layer.LayerIndex)))
        {
            var found = new IReadOnlyList<(int Layer, int Channel, float Similarity)>[layer.Channels];
            Parallel.For(0, found.Length, options, channel => found[channel] = index.FindSimilar(layer.LayerIndex, channel, Count));
            for (var channel = 0; channel < found.Length; channel++)
            {
                for (var i = 0; i < found[channel].Count; i++)
                {
                    var other = found[channel][i];
                    yield return new Row(layer.Name, channel, i + 1, names[other.Layer], other.Channel, other.Similarity);
                }
            }
        }
    }

    /// <summary>A neuron and one that is similar to it.</summary>
    internal sealed record Row(string Layer, int Channel, int Rank, string OtherLayer, int OtherChannel, float Similarity);
}
