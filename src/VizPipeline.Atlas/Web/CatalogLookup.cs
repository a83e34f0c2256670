using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web;

/// <summary>The requested thing does not exist. The message names it.</summary>
internal sealed class NotFoundException(string message) : Exception(message);

/// <summary>Looks up what an address names, for the pages and the API.</summary>
internal static class CatalogLookup
{
    /// <exception cref="NotFoundException">There is no such atlas.</exception>
    public static async Task<LoadedAtlas> GetAtlasAsync(CatalogContext catalog, string atlas, CancellationToken cancellation) =>
        await LoadedAtlas.FindAsync(catalog, atlas, cancellation)
            ?? throw new NotFoundException($"There is no atlas '{Format.Excerpt(atlas)}'.");

    /// <summary>Returns a layer by its slug or by its name.</summary>
    /// <exception cref="NotFoundException">The atlas has no such layer.</exception>
    public static Layer GetLayer(LoadedAtlas atlas, string layer) =>
        atlas.Layer(layer) ?? atlas.Layers.FirstOrDefault(row => row.Name == layer)
            ?? throw new NotFoundException($"Atlas '{atlas.Id}' has no layer '{Format.Excerpt(layer)}'.");

    /// <summary>Returns the id of the named layer, or the ids of all layers if none is named.</summary>
    /// <exception cref="NotFoundException">The atlas has no such layer.</exception>
    public static List<int> GetLayerIds(LoadedAtlas atlas, string? layer) =>
        layer is { Length: > 0 } ? [GetLayer(atlas, layer).Id] : [.. atlas.Layers.Select(row => row.Id)];

    /// <exception cref="NotFoundException">The layer has no such neuron.</exception>
    public static async Task<NeuronContents> GetNeuronAsync(
        NeuronReader reader, CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel, CancellationToken cancellation) =>
        await reader.ReadAsync(catalog, atlas, layer, channel, cancellation)
            ?? throw new NotFoundException($"Layer '{layer.Name}' has no neuron {channel}.");

    /// <exception cref="NotFoundException">The image set has no such image.</exception>
    public static async Task<ImageContents> GetImageAsync(
        CatalogContext catalog, LoadedAtlas atlas, int index, CancellationToken cancellation) =>
        await ImageContents.ReadAsync(catalog, atlas, index, cancellation)
            ?? throw new NotFoundException($"The image set of atlas '{atlas.Id}' has no image {index}.");

    /// <summary>Parses the name of an enum value, ignoring case.</summary>
    /// <exception cref="QueryException">No value has that name.</exception>
    public static T ParseEnum<T>(string text, string parameter, Func<T, string> name)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (name(value).Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        throw new QueryException(
            $"{parameter}: '{Format.Excerpt(text)}' is not one of {string.Join(", ", Enum.GetValues<T>().Select(name))}");
    }
}
