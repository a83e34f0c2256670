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

    private static readonly string[] LastingFolders =
        ["activations/", "dictionaries/", "machines/", "pictures/", "sheets/", "tables/"];
    private static readonly string[] LastingFiles = ["images.json", "manifest.json", "objects.json", "spec.json"];

    /// <summary>Gets the common prefix of an atlas's keys, without a trailing slash: the mount of the atlas's own folder.</summary>
    public static string Root(string atlasId) => $"atlases/{atlasId}";

    /// <summary>Returns whether a key is that of an object of this atlas, and not of another one or of a network's file.</summary>
    public static bool IsOf(string atlasId, string key)
        => key.StartsWith(Root(atlasId) + "/", StringComparison.Ordinal) && !key.Split('/').Any(segment => segment is "" or "." or "..");

    /// <summary>Gets the path of a key's file in the atlas's own folder.</summary>
    public static string PathInFolder(string key) => key.Split('/', 3)[2];

    /// <summary>
    /// Returns whether a path in an atlas's own folder is that of an object which a finished atlas needs: not the tallies of shards, and no
    /// file that the atlas did not write.
    /// </summary>
    public static bool IsLasting(string pathInFolder) => LastingFiles.Contains(pathInFolder, StringComparer.Ordinal)
        || LastingFolders.Any(folder => pathInFolder.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Gets the common prefix of the tallies of shards, which no finished atlas needs.</summary>
    public static string AllScans(string atlasId) => $"{Root(atlasId)}/scan/";

    /// <summary>Gets the common prefix of changes of a finished atlas that are not made yet.</summary>
    public static string Pending(string atlasId) => $"{Root(atlasId)}/pending/";

    /// <summary>Gets the common prefix of all kept activations.</summary>
    public static string AllActivations(string atlasId) => $"{Root(atlasId)}/activations/";

    /// <summary>Gets the common prefix of all contact sheets.</summary>
    public static string AllSheets(string atlasId) => $"{Root(atlasId)}/sheets/";

    /// <summary>Gets the common prefixes of what a finished atlas has of one layer, but for its contact sheet.</summary>
    public static IReadOnlyList<string> AllOfLayer(string atlasId, string layer) =>
    [
        ActivationBlock(atlasId, layer, ""), $"{Exemplars(atlasId)}{LayerFileName(layer)}/",
        $"{Root(atlasId)}/pictures/{LayerFileName(layer)}/", $"{Tables(atlasId, layer)}/",
    ];

    /// <summary>Gets the common prefix of the pictures of a layer by one method.</summary>
    public static string AllPictures(string atlasId, string layer, string method) => Pictures(atlasId, layer, method) + "/";

    /// <summary>Gets the key of the spec.</summary>
    public static string Spec(string atlasId) => $"{Root(atlasId)}/spec.json";

    /// <summary>Gets the key of the manifest: hashes, settings, versions, timings.</summary>
    public static string Manifest(string atlasId) => $"{Root(atlasId)}/manifest.json";

    /// <summary>Gets the key of the mark of an atlas that is being copied to the cluster; a finished one has none.</summary>
    public static string Transfer(string atlasId) => $"{Root(atlasId)}/transfer.json";

    /// <summary>Gets the key of the list of all objects with their hashes, written at the end.</summary>
    public static string ObjectList(string atlasId) => $"{Root(atlasId)}/objects.json";

    /// <summary>Gets the common prefix of the keys of <see cref="Machine"/>.</summary>
    public static string Machines(string atlasId) => $"{Root(atlasId)}/machines/";

    /// <summary>Gets the key of a machine that worked on the atlas: by content, so that a machine that starts again has one key.</summary>
    public static string Machine(string atlasId, MachineFacts machine) => $"{Machines(atlasId)}{CanonicalJson.Hash(machine)[..16]}.json";

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

    /// <summary>Gets the key of how well a dictionary restores its layer in one shard.</summary>
    public static string ScanReconstruction(string atlasId, int shard, string layer)
        => $"{Root(atlasId)}/scan/{shard:D6}/{LayerFileName(layer)}.reconstruction.json";

    /// <summary>Gets the key of how well a dictionary restores its layer over all images.</summary>
    public static string Reconstruction(string atlasId, string layer) => $"{Tables(atlasId, layer)}/reconstruction.json";

    /// <summary>Gets the key of the activations of one layer in one shard, until they are part of the layer's blocks.</summary>
    public static string ScanActivations(string atlasId, int shard, string layer)
        => $"{Root(atlasId)}/scan/{shard:D6}/{LayerFileName(layer)}.activations.npy";

    /// <summary>Gets the key of the positions that belong to <see cref="ScanActivations"/>.</summary>
    public static string ScanPositions(string atlasId, int shard, string layer)
        => $"{Root(atlasId)}/scan/{shard:D6}/{LayerFileName(layer)}.positions.npy";

    /// <summary>Gets the key of the index of a layer's kept activations, which is written after their blocks.</summary>
    public static string ActivationIndex(string atlasId, string layer) => ActivationBlock(atlasId, layer, "index.json");

    /// <summary>Gets the key of a block of a layer's kept activations.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="block">The block's name in the index.</param>
    public static string ActivationBlock(string atlasId, string layer, string block)
        => $"{Root(atlasId)}/activations/{LayerFileName(layer)}/{block}";

    /// <summary>Gets the key of the tally of one layer over several shards; used when there are many shards.</summary>
    public static string GatheredTally(string atlasId, int part, string layer)
        => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.safetensors";

    /// <summary>Gets the key of the gather table of one part of a layer.</summary>
    public static string GatherTable(string atlasId, int part, string layer)
        => $"{Root(atlasId)}/scan/gathered/{part:D6}/{LayerFileName(layer)}.json";

    /// <summary>Gets the key of the tally of one layer over all images.</summary>
    public static string LayerTally(string atlasId, string layer) => $"{Tables(atlasId, layer)}/tally.safetensors";

    /// <summary>Gets the key of the scan table of one shard, by the pass over the images (<see cref="LayerSpec.Pass"/>).</summary>
    public static string ScanTable(string atlasId, int shard, int pass = 0)
        => $"{AllScans(atlasId)}{shard:D6}{(pass == 0 ? "" : $".pass{pass}")}.json";

    /// <summary>Returns whether a key is that of a scan table.</summary>
    public static bool IsScanTable(string atlasId, string key)
        => key.StartsWith(AllScans(atlasId), StringComparison.Ordinal) && key.IndexOf('/', AllScans(atlasId).Length) < 0;

    /// <summary>Gets the key of the layer table of one layer.</summary>
    public static string LayerTable(string atlasId, string layer) => $"{Tables(atlasId, layer)}/neurons.json";

    /// <summary>Gets the key of one array of a layer's list of strongest or weakest images.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="end"><c>top</c> or <c>bottom</c>.</param>
    /// <param name="array"><c>activations</c>, <c>images</c> or <c>positions</c>.</param>
    public static string TopList(string atlasId, string layer, string end, string array)
        => $"{Tables(atlasId, layer)}/{end}-{array}.npy";

    /// <summary>Gets the key of one array of a layer's mean activations per class: <c>means</c> or <c>images</c>.</summary>
    public static string ClassTable(string atlasId, string layer, string array) => $"{Tables(atlasId, layer)}/class-{array}.npy";

    /// <summary>Gets the key of the activations of a layer's neurons on the sampled images, used to compare neurons.</summary>
    public static string LayerProfiles(string atlasId, string layer) => $"{Tables(atlasId, layer)}/profiles.bin";

    /// <summary>Gets the key of the picture table of one patches job.</summary>
    public static string PatchesTable(string atlasId, string layer, int firstChannel, int endChannel)
        => $"{Tables(atlasId, layer)}/patches-{firstChannel:D6}-{endChannel:D6}.json";

    /// <summary>Gets the key of the picture table of one gradient ascent job.</summary>
    public static string AscentTable(string atlasId, string layer, int firstChannel, int endChannel, string preset, int seed)
        => $"{Tables(atlasId, layer)}/ascent-{firstChannel:D6}-{endChannel:D6}.{PresetSegment(preset)}.seed{seed}.json";

    /// <summary>Gets the key of the picture table of one facets job.</summary>
    public static string FacetsTable(string atlasId, string layer, int firstChannel, int endChannel)
        => $"{Tables(atlasId, layer)}/facets-{firstChannel:D6}-{endChannel:D6}.json";

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

    /// <summary>Gets the key of a picture of a facet.</summary>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="facet">Number of the facet, from 1.</param>
    /// <param name="content">One of <see cref="FacetPicture"/>.</param>
    public static string FacetPicture(string atlasId, string layer, int channel, int facet, string content)
        => $"{Pictures(atlasId, layer, PictureMethod.Facets)}/{channel:D5}.facet{facet}.{content}.png";

    /// <summary>Gets the key of a picture of a whole layer, such as its filters.</summary>
    public static string LayerPicture(string atlasId, string layer, string method, string? variant = null)
        => $"{Pictures(atlasId, layer, method)}/layer{Suffix(variant)}.png";

    /// <summary>Gets the common prefix of the keys of <see cref="Exemplar"/>. Without these objects the atlas is as complete.</summary>
    public static string Exemplars(string atlasId) => $"{Root(atlasId)}/exemplars/";

    /// <summary>Gets the key of what was drawn of an image for a neuron because somebody asked for it.</summary>
    public static string Exemplar(string atlasId, string layer, int channel, int image)
        => $"{Exemplars(atlasId)}{LayerFileName(layer)}/{channel:D5}-{image:D7}.json";

    /// <summary>Gets the key of the contact sheet of a layer.</summary>
    public static string Sheet(string atlasId, string layer) => $"{Root(atlasId)}/sheets/{LayerFileName(layer)}.png";

    /// <summary>The file of a dictionary.</summary>
    public static string Dictionary(string atlasId, string sha256) => $"{Root(atlasId)}/dictionaries/{sha256}.safetensors";

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
