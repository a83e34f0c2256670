using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web;

/// <summary>The requested thing does not exist. The message names it.</summary>
internal sealed class NotFoundException(string message) : Exception(message)
{
    /// <summary>Names and addresses of what there is instead, the nearest first.</summary>
    public IReadOnlyList<(string Name, string Address)> Nearest { get; init; } = [];
}

/// <summary>Looks up what an address names, for the pages and the API.</summary>
internal static class CatalogLookup
{
    private const int MostSuggestions = 12;

    /// <exception cref="NotFoundException">There is no such atlas.</exception>
    public static async Task<LoadedAtlas> GetAtlasAsync(CatalogContext catalog, string atlas, CancellationToken cancellation) =>
        await LoadedAtlas.FindAsync(catalog, atlas, cancellation)
            ?? throw new NotFoundException($"There is no atlas '{Format.Excerpt(atlas)}'.");

    /// <summary>Returns a layer by its slug or by its name.</summary>
    /// <exception cref="NotFoundException">The atlas has no such layer.</exception>
    public static Layer GetLayer(LoadedAtlas atlas, string layer) =>
        atlas.Layer(layer) ?? atlas.Layers.FirstOrDefault(row => row.Name == layer)
            ?? throw new NotFoundException(
                $"Atlas '{atlas.Id}' has no layer '{Format.Excerpt(layer)}'. It has "
                + $"{Format.Counted(atlas.Layers.Count, "layer")}.")
            {
                Nearest = [.. atlas.Layers.OrderByDescending(row => CommonStart(row.Name, layer)).Take(MostSuggestions)
                    .Select(row => (row.Name, ServerLinks.Instance.Layer(atlas.Id, LoadedAtlas.GetSlug(row))))],
            };

    /// <summary>Returns the id of the named layer, or the ids of all layers if none is named.</summary>
    /// <exception cref="NotFoundException">The atlas has no such layer.</exception>
    public static List<int> GetLayerIds(LoadedAtlas atlas, string? layer) =>
        layer is { Length: > 0 } ? [GetLayer(atlas, layer).Id] : [.. atlas.Layers.Select(row => row.Id)];

    /// <exception cref="NotFoundException">The layer has no such neuron.</exception>
    public static async Task<NeuronContents> GetNeuronAsync(
        NeuronReader reader, CatalogContext catalog, LoadedAtlas atlas, Layer layer, int channel, CancellationToken cancellation) =>
        await reader.ReadAsync(catalog, atlas, layer, channel, cancellation)
            ?? throw new NotFoundException(
                $"Layer '{layer.Name}' has no neuron {channel}. It has {Range(layer.Channels, "neuron")}.")
            {
                Nearest = FindNearest(layer.Channels, channel, near => (
                    $"{layer.Name} {near}", ServerLinks.Instance.Neuron(atlas.Id, LoadedAtlas.GetSlug(layer), near))),
            };

    /// <exception cref="NotFoundException">The image set has no such image.</exception>
    public static async Task<ImageContents> GetImageAsync(
        CatalogContext catalog, LoadedAtlas atlas, int index, CancellationToken cancellation) =>
        await ImageContents.ReadAsync(catalog, atlas, index, cancellation)
            ?? throw new NotFoundException(
                $"The image set of atlas '{atlas.Id}' has no image {index}. It has {Range(atlas.Spec.Images.Count, "image")}.")
            {
                Nearest = FindNearest(
                    atlas.Spec.Images.Count, index, near => ($"image {near}", ServerLinks.Instance.Image(atlas.Id, near))),
            };

    /// <summary>Finds an image by its index or its path.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public static async Task<int> FindImageAsync(
        CatalogContext catalog, LoadedAtlas atlas, string image, CancellationToken cancellation)
    {
        if (int.TryParse(image, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            return index;
        var id = atlas.Row.Id;
        return await catalog.Images.AsNoTracking().Where(row => row.AtlasId == id && row.Path == image)
            .Select(row => (int?)row.ImageIndex).FirstOrDefaultAsync(cancellation)
            ?? throw new NotFoundException(
                $"Atlas '{atlas.Id}' has no image '{Format.Excerpt(image)}'; give its index, or its path in the image set.");
    }

    /// <exception cref="NotFoundException">No image and no neuron has the class.</exception>
    public static async Task<ClassContents> GetClassAsync(
        CatalogContext catalog, LoadedAtlas atlas, int index, CancellationToken cancellation) =>
        await ClassContents.ReadAsync(catalog, atlas, index, cancellation)
            ?? throw new NotFoundException(
                $"Atlas '{atlas.Id}' has no class {index}. It has {Range(atlas.Spec.Images.Classes.Count, "class", "classes")}.")
            {
                Nearest = FindNearest(atlas.Spec.Images.Classes.Count, index, near => (
                    atlas.ClassName(near) ?? $"class {near}", ServerLinks.Instance.Class(atlas.Id, near))),
            };

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

    private static string Range(int count, string one, string? many = null) => count switch
    {
        0 => $"no {many ?? one + "s"}",
        1 => $"one {one}, 0",
        _ => $"{Format.Number(count)} {many ?? one + "s"}, 0 to {count - 1}",
    };

    private static IReadOnlyList<(string Name, string Address)> FindNearest(
        int count, int wanted, Func<int, (string Name, string Address)> describe) =>
        count == 0 ? [] : [describe(Math.Clamp(wanted, 0, count - 1))];

    private static int CommonStart(string one, string other) =>
        one.Zip(other).TakeWhile(pair => char.ToUpperInvariant(pair.First) == char.ToUpperInvariant(pair.Second)).Count();
}
