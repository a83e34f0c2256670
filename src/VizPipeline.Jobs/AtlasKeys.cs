using System.Security.Cryptography;
using System.Text;

namespace VizPipeline.Jobs;

/// <summary>Where everything of an atlas lies in the object store. The only place that knows.</summary>
/// <remarks>
/// Keys are a function of what they hold, so a job done twice writes the same keys. Layers appear under <see cref="LayerFileName"/>.
/// </remarks>
public static class AtlasKeys
{
    private const int LongestPlainName = 160;

    /// <summary>The key that all others of an atlas begin with, without a slash at its end: the mount of an atlas's own folder.</summary>
    public static string Root(string atlasId) => $"atlases/{atlasId}";

    /// <summary>The spec.</summary>
    public static string Spec(string atlasId) => $"{Root(atlasId)}/spec.json";

    /// <summary>The manifest: hashes, settings, versions, timings.</summary>
    public static string Manifest(string atlasId) => $"{Root(atlasId)}/manifest.json";

    /// <summary>There while the atlas is cancelled: a worker that still gets one of its jobs drops it.</summary>
    public static string Cancelled(string atlasId) => $"{Root(atlasId)}/cancelled";

    /// <summary>A network's or its weights' file, by content.</summary>
    /// <param name="sha256">SHA-256 of the file, lower-case hex.</param>
    /// <param name="extension">Its extension with the dot, e.g. <c>.onnx</c>, by which readers know the format.</param>
    public static string Model(string sha256, string extension) => $"models/{sha256}{extension}";

    /// <summary>The image list.</summary>
    public static string ImageList(string atlasId) => $"{Root(atlasId)}/images.json";

    /// <summary>The tally of one layer over one shard: what the layer's merge reads.</summary>
    public static string ScanTally(string atlasId, int shard, string layer) => $"{Root(atlasId)}/scan/{shard:D6}/{LayerFileName(layer)}.safetensors";

    /// <summary>The tally of one layer over some shards, where there are many.</summary>
    public static string GatheredTally(string atlasId, int part, string layer) => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.safetensors";

    /// <summary>The gather table of one part of a layer.</summary>
    public static string GatherTable(string atlasId, int part, string layer) => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.json";

    /// <summary>The tally of one layer over all images.</summary>
    public static string LayerTally(string atlasId, string layer) => $"{Tables(atlasId, layer)}/tally.safetensors";

    /// <summary>The scan table of one shard.</summary>
    public static string ScanTable(string atlasId, int shard) => $"{Root(atlasId)}/scan/{shard:D6}.json";

    /// <summary>The layer table of one layer.</summary>
    public static string LayerTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/neurons.json";

    /// <summary>The activations of a layer's neurons on the sampled images, by which neurons are compared.</summary>
    public static string LayerProfiles(string atlasId, string layer) => $"{Tables(atlasId, layer)}/profiles.bin";

    /// <summary>The picture table of one job of patches.</summary>
    public static string PatchesTable(string atlasId, string layer, int firstChannel, int endChannel)
        => $"{Tables(atlasId, layer)}/patches-{firstChannel:D6}-{endChannel:D6}.json";

    /// <summary>The picture table of one job of gradient ascent.</summary>
    public static string AscentTable(string atlasId, string layer, int firstChannel, int endChannel, string preset, int seed)
        => $"{Tables(atlasId, layer)}/ascent-{firstChannel:D6}-{endChannel:D6}.{PresetSegment(preset)}.seed{seed}.json";

    /// <summary>The picture table of a layer's filters.</summary>
    public static string FiltersTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/filters.json";

    /// <summary>The link table of a layer, written before its <see cref="FiltersTable"/>.</summary>
    public static string LayerLinks(string atlasId, string layer) => $"{Tables(atlasId, layer)}/links.json";

    /// <summary>The sheet table of a layer.</summary>
    public static string SheetTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/sheet.json";

    /// <summary>A picture of one neuron.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="method">The method, e.g. <c>top9</c>.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="variant">Tells pictures of one method apart; null or empty where there is only one.</param>
    public static string Picture(string atlasId, string layer, string method, int channel, string? variant = null)
        => $"{Pictures(atlasId, layer, method)}/{channel:D5}{Suffix(variant)}.png";

    /// <summary>The gradient ascent picture of one neuron.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="preset">The preset's number or name.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="facet">Which of the neuron's pictures, from 0.</param>
    public static string AscentPicture(string atlasId, string layer, int channel, string preset, int seed, int facet = 0)
        => $"{Pictures(atlasId, layer, "ascent")}/{channel:D5}.{PresetSegment(preset)}.seed{seed}{(facet == 0 ? "" : $".facet{facet}")}.png";

    /// <summary>A picture of a whole layer, such as its filters.</summary>
    public static string LayerPicture(string atlasId, string layer, string method, string? variant = null)
        => $"{Pictures(atlasId, layer, method)}/layer{Suffix(variant)}.png";

    /// <summary>The contact sheet of a layer.</summary>
    public static string Sheet(string atlasId, string layer) => $"{Root(atlasId)}/sheets/{LayerFileName(layer)}.png";

    /// <summary>A layer's name as one segment of a key: different names always give different segments.</summary>
    /// <remarks>
    /// Letters, digits, <c>_</c> and <c>.</c> stay. Any other byte of the UTF-8 name, a dot at the beginning and <c>-</c> itself become
    /// <c>-</c> and two hex digits. A very long name is cut and ends in <c>--</c> and a hash of the whole.
    /// </remarks>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static string LayerFileName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var bytes = Encoding.UTF8.GetBytes(name);
        var segment = new StringBuilder();
        foreach (var b in bytes)
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c == '_' || (c == '.' && segment.Length > 0))
                segment.Append(c);
            else
                segment.Append('-').Append(Convert.ToHexStringLower([b]));
        }
        if (segment.Length > LongestPlainName)
        {
            segment.Length = LongestPlainName;
            segment.Append("--").Append(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        return segment.ToString();
    }

    private static string PresetSegment(string preset) => preset.Length > 0 && char.IsAsciiDigit(preset[0]) ? $"preset{preset}" : LayerFileName(preset);

    private static string Tables(string atlasId, string layer) => $"{Root(atlasId)}/tables/{LayerFileName(layer)}";

    private static string Pictures(string atlasId, string layer, string method)
        => $"{Root(atlasId)}/pictures/{LayerFileName(layer)}/{method}";

    private static string Suffix(string? variant) => string.IsNullOrEmpty(variant) ? "" : "." + LayerFileName(variant);
}
