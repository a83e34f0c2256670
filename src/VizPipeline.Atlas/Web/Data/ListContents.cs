using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>A list of neurons with what the catalog says about them.</summary>
/// <param name="List">The list.</param>
/// <param name="Neurons">Its neurons; layer and row are null where the atlas has no such neuron any more.</param>
public sealed record ListContents(NeuronList List, IReadOnlyList<(ListedNeuron Entry, Layer? Layer, Neuron? Neuron)> Neurons)
{
    /// <summary>Reads a list.</summary>
    /// <exception cref="NotFoundException">The atlas has no such list.</exception>
    public static async Task<ListContents> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, NeuronLists lists, string id, CancellationToken cancellation)
    {
        var list = await lists.FindAsync(atlas.Id, id, cancellation) ?? throw Missing(atlas.Id);
        var layers = atlas.Layers.ToDictionary(layer => layer.Name);
        var wanted = list.Neurons.Where(entry => layers.ContainsKey(entry.Layer))
            .Select(entry => (layers[entry.Layer].LayerIndex, entry.Channel, 0f)).ToList();
        var found = new Dictionary<(string Layer, int Channel), Neuron>();
        // Layer by layer, as all wanted channels of all wanted layers would be many times as many.
        foreach (var layer in wanted.GroupBy(of => of.LayerIndex))
        {
            foreach (var row in await NeuronContents.ReadNeuronsAsync(catalog, atlas, [.. layer], cancellation))
                found[(row.Layer.Name, row.Neuron.Channel)] = row.Neuron;
        }
        return new ListContents(list, [.. list.Neurons.Select(entry => (
            entry, layers.GetValueOrDefault(entry.Layer), found.GetValueOrDefault((entry.Layer, entry.Channel))))]);
    }

    /// <summary>Says that there is no such list, without repeating the id.</summary>
    internal static NotFoundException Missing(string atlas) => new($"Atlas '{atlas}' has no such list; it may have been deleted.");
}
