using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Worker.Rendering;

/// <summary>
/// What the pictures of an atlas say about themselves in the texts of their files, so that a picture that was copied somewhere is still
/// known. They follow from the spec alone: the same job always writes the same bytes.
/// </summary>
internal sealed class PictureTexts(AtlasSpec spec)
{
    private readonly string _hash = spec.Hash();

    /// <summary>Encodes a picture of a layer.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="channel">The neuron; null for a picture of the whole layer.</param>
    /// <param name="kind">What is shown, for example <c>top 9 patches</c>.</param>
    /// <param name="recipe">The recipe and the seed of an ascent; null for others.</param>
    public byte[] Encode(RgbImage picture, int layer, int? channel, string kind, string? recipe = null)
    {
        var name = spec.GetLayer(layer).Name;
        var texts = new List<KeyValuePair<string, string>>
        {
            new("Title", $"{spec.Name} {name}{(channel is { } neuron ? $" {neuron}" : "")}: {kind}"),
            new("Software", "VizPipeline"),
            new("Atlas", spec.Id),
            new("Atlas spec", _hash),
            new("Layer", name),
        };
        if (channel is { } number)
            texts.Add(new("Neuron", $"{number}"));
        texts.Add(new("Kind", kind));
        if (recipe is not null)
            texts.Add(new("Recipe", recipe));
        return Png.Encode(picture, texts);
    }
}
