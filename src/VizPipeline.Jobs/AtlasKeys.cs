using System.Security.Cryptography;
using System.Text;

namespace VizPipeline.Jobs;

/// <summary>Defines the keys of all objects of an atlas in the object store. No other code knows them.</summary>
/// <remarks>
/// A key depends only on what the object contains, so repeating a job writes the same keys. Layers appear as <see cref="LayerFileName"/>.
/// </remarks>
public static class AtlasKeys
{
    private const int LongestPlainName = 160;

    /// <summary>Gets the common prefix of an atlas's keys, without a trailing slash: the mount of the atlas's own folder.</summary>
    public static string Root(string atlasId) => $"atlases/{atlasId}";

    /// <summary>Gets the key of the spec.</summary>
    public static string Spec(string atlasId) => $"{Root(atlasId)}/spec.json";

    /// <summary>Gets the key of the manifest: hashes, settings, versions, timings.</summary>
    public static string Manifest(string atlasId) => $"{Root(atlasId)}/manifest.json";

    /// <summary>Gets the key of the cancellation marker: while it exists, workers drop jobs of the atlas that still reach them.</summary>
    public static string Cancelled(string atlasId) => $"{Root(atlasId)}/cancelled";

    /// <summary>Gets the key of a network's or weights' file, by content.</summary>
    /// <param name="sha256">SHA-256 of the file, lower-case hex.</param>
    /// <param name="extension">Its extension including the dot, e.g. <c>.onnx</c>, which tells readers the format.</param>
    public static string Model(string sha256, string extension) => $"models/{sha256}{extension}";

    /// <summary>Gets the key of the image list.</summary>
    public static string ImageList(string atlasId) => $"{Root(atlasId)}/images.json";

    /// <summary>Gets the key of the tally of one layer over one shard, which the layer's merge reads.</summary>
    public static string ScanTally(string atlasId, int shard, string layer)
        => $"{Root(atlasId)}/scan/{shard:D6}/{LayerFileName(layer)}.safetensors";

    /// <summary>Gets the key of the tally of one layer over several shards; used when there are many shards.</summary>
    public static string GatheredTally(string atlasId, int part, string layer)
        => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.safetensors";

    /// <summary>Gets the key of the gather table of one part of a layer.</summary>
    public static string GatherTable(string atlasId, int part, string layer)
        => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.json";

    /// <summary>Gets the key of the tally of one layer over all images.</summary>
    public static string LayerTally(string atlasId, string layer) => $"{Tables(atlasId, layer)}/tally.safetensors";

    /// <summary>Gets the key of the scan table of one shard.</summary>
    public static string ScanTable(string atlasId, int shard) => $"{Root(atlasId)}/scan/{shard:D6}.json";

    /// <summary>Gets the key of the layer table of one layer.</summary>
    public static string LayerTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/neurons.json";

    /// <summary>Gets the key of the activations of a layer's neurons on the sampled images, used to compare neurons.</summary>
    public static string LayerProfiles(string atlasId, string layer) => $"{Tables(atlasId, layer)}/profiles.bin";

    /// <summary>Gets the key of the picture table of one patches job.</summary>
    public static string PatchesTable(string atlasId, string layer, int firstChannel, int endChannel)
        => $"{Tables(atlasId, layer)}/patches-{firstChannel:D6}-{endChannel:D6}.json";

    /// <summary>Gets the key of the picture table of one gradient ascent job.</summary>
    public static string AscentTable(string atlasId, string layer, int firstChannel, int endChannel, string preset, int seed)
        => $"{Tables(atlasId, layer)}/ascent-{firstChannel:D6}-{endChannel:D6}.{PresetSegment(preset)}.seed{seed}.json";

    /// <summary>Gets the key of the picture table of a layer's filters.</summary>
    public static string FiltersTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/filters.json";

    /// <summary>Gets the key of the link table of a layer, written before its <see cref="FiltersTable"/>.</summary>
    public static string LayerLinks(string atlasId, string layer) => $"{Tables(atlasId, layer)}/links.json";

    /// <summary>Gets the key of the sheet table of a layer.</summary>
    public static string SheetTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/sheet.json";

    /// <summary>Gets the key of a picture of one neuron.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="method">The method, e.g. <c>top9</c>.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="variant">Distinguishes pictures of one method; null or empty if there is only one.</param>
    public static string Picture(string atlasId, string layer, string method, int channel, string? variant = null)
        => $"{Pictures(atlasId, layer, method)}/{channel:D5}{Suffix(variant)}.png";

    /// <summary>Gets the key of the gradient ascent picture of one neuron.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="preset">The preset's number or name.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="facet">Index of the facet, from 0.</param>
    public static string AscentPicture(string atlasId, string layer, int channel, string preset, int seed, int facet = 0)
        => $"{Pictures(atlasId, layer, "ascent")}/{channel:D5}.{PresetSegment(preset)}.seed{seed}"
            + $"{(facet == 0 ? "" : $".facet{facet}")}.png";

    /// <summary>Gets the key of a picture of a whole layer, such as its filters.</summary>
    public static string LayerPicture(string atlasId, string layer, string method, string? variant = null)
        => $"{Pictures(atlasId, layer, method)}/layer{Suffix(variant)}.png";

    /// <summary>Gets the key of the contact sheet of a layer.</summary>
    public static string Sheet(string atlasId, string layer) => $"{Root(atlasId)}/sheets/{LayerFileName(layer)}.png";

    /// <summary>Encodes a layer's name as one segment of a key; different names give different segments.</summary>
    /// <remarks>
    /// Letters, digits, <c>_</c> and <c>.</c> are kept. Any other byte of the UTF-8 name, a leading dot and <c>-</c> itself become <c>-</c>
    /// and two hex digits. A very long name is truncated and ends in <c>--</c> and a hash of the full name.
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

    private static string PresetSegment(string preset)
        => preset.Length > 0 && char.IsAsciiDigit(preset[0]) ? $"preset{preset}" : LayerFileName(preset);

    private static string Tables(string atlasId, string layer) => $"{Root(atlasId)}/tables/{LayerFileName(layer)}";

    private static string Pictures(string atlasId, string layer, string method)
        => $"{Root(atlasId)}/pictures/{LayerFileName(layer)}/{method}";

    private static string Suffix(string? variant) => string.IsNullOrEmpty(variant) ? "" : "." + LayerFileName(variant);
}
