using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>The contents of one neuron's story.</summary>
/// <param name="Neuron">The neuron's row, patches, stored pictures and filters.</param>
/// <param name="Chosen">The neurons that the atlas's story chose.</param>
/// <param name="Made">What a worker made for it.</param>
public sealed record StoryContents(NeuronContents Neuron, IReadOnlyList<StoryNeuron> Chosen, StoryMaterial Made)
{
    /// <summary>Reads the contents.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The atlas.</param>
    /// <param name="layer">The neuron's layer.</param>
    /// <param name="channel">The neuron's channel.</param>
    /// <param name="reader">Reads the neuron.</param>
    /// <param name="links">Reads the filters.</param>
    /// <param name="pictures">Asks the workers.</param>
    /// <param name="withAscent">Whether the growing ascent is waited for, which takes a worker seconds.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="NotFoundException">There is no such neuron.</exception>
    internal static async Task<StoryContents> ReadAsync(
        CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel, NeuronReader reader, LinkTables links,
        StoryPictures pictures, bool withAscent, CancellationToken cancellation)
    {
        var neuron = await CatalogLookup.GetNeuronAsync(reader, catalog, atlas, layer, channel, cancellation);
        return new StoryContents(
            neuron, await pictures.ChooseAsync(catalog, atlas, links, cancellation),
            await StoryMaterial.ReadAsync(atlas, layer, channel, neuron.Patches, pictures, withAscent, cancellation));
    }

    /// <summary>The neuron of the story that follows this one; null after the last.</summary>
    public StoryNeuron? Next
    {
        get
        {
            var place = Chosen.ToList().FindIndex(known => known.Layer.Id == Neuron.Layer.Id && known.Channel == Neuron.Neuron.Channel);
            return place + 1 < Chosen.Count ? Chosen[place + 1] : null;
        }
    }
}
