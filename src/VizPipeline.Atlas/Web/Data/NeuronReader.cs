using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Reads everything about a neuron: its rows, similar neurons, and connections.</summary>
public sealed class NeuronReader(SimilarNeuronsCache similar, LinkTables links)
{
    private const int SimilarShown = 12;

    /// <summary>Reads everything about one neuron; returns null if there is no such neuron.</summary>
    public async Task<NeuronContents?> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        var contents = await NeuronContents.ReadAsync(
            catalog, atlas, layer, channel, await FindSimilarAsync(atlas, layer, channel, SimilarShown, cancellation), cancellation);
        return contents is null ? null : contents with
        {
            Links = await NeuronConnections.ReadAsync(links, atlas, layer, channel, cancellation),
        };
    }

    /// <summary>Returns the neurons most similar to one, by layer index and channel; empty if the layer has no profiles.</summary>
    public async Task<IReadOnlyList<(int Layer, int Channel, float Similarity)>> FindSimilarAsync(
        LoadedAtlas atlas, Layer layer, int channel, int count, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(layer);
        if (channel < 0 || channel >= layer.Channels)
            return [];
        var index = await similar.GetAsync(
            atlas.Id, [.. atlas.Layers.Select(row => (row.LayerIndex, row.Name))], atlas.Row.FinishedAt, cancellation);
        return index.FindSimilar(layer.LayerIndex, channel, count);
    }
}
