using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Embedded;

/// <summary>Parts that can be taken away from an atlas that has ended, and what remains still opens.</summary>
internal sealed record AtlasParts
{
    /// <summary>The methods whose pictures can go, by the names of their folders.</summary>
    public static IReadOnlyDictionary<string, AtlasMethods> AllMethods { get; } = new Dictionary<string, AtlasMethods>
    {
        [PictureMethod.Ascent] = AtlasMethods.Ascent,
        [PictureMethod.Deconv] = AtlasMethods.Deconv,
        [PictureMethod.Facets] = AtlasMethods.Facets,
        [PictureMethod.Filters] = AtlasMethods.Filters,
        [PictureMethod.Top9] = AtlasMethods.Top9,
    };

    /// <summary>All pictures that show pixels of the image set.</summary>
    public static AtlasParts WithSourcePixels { get; } = new()
    {
        Methods = [.. AllMethods.Keys.Where(SourcePixels.AreIn)],
        Sheets = SourcePixels.AreInSheets,
    };

    /// <summary>The methods whose pictures go, from <see cref="AllMethods"/>.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>The names of the layers that go, with all that the atlas has of them.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Whether the kept activations go.</summary>
    public bool Activations { get; init; }

    /// <summary>Whether the tallies of parts of the image set go.</summary>
    public bool Scan { get; init; }

    /// <summary>Whether the contact sheets go.</summary>
    public bool Sheets { get; init; }

    /// <summary>Returns the parts with the prefixes of their keys; pictures of methods that the atlas does not have are left out.</summary>
    public IEnumerable<(string Part, IReadOnlyList<string> Prefixes)> Of(AtlasSpec spec)
    {
        if (Activations)
            yield return ("activations", [AtlasKeys.AllActivations(spec.Id)]);
        if (Scan)
            yield return ("scan", [AtlasKeys.AllScans(spec.Id)]);
        if (Sheets)
            yield return ("sheets", [AtlasKeys.AllSheets(spec.Id)]);
        foreach (var method in Methods.Where(method => spec.Methods.HasFlag(AllMethods[method])))
            yield return (method, [.. spec.Layers.Select(layer => AtlasKeys.AllPictures(spec.Id, layer.Name, method))]);
        foreach (var layer in Layers)
            yield return (ManifestPruning.NameOf(layer), AtlasKeys.AllOfLayer(spec.Id, layer));
    }

    /// <summary>
    /// Returns the keys of a layer that have no prefix of its own: of its contact sheet, of its tallies of shards, and of the dictionary
    /// that only it is made of.
    /// </summary>
    public static IEnumerable<string> KeysOf(AtlasSpec spec, string layer) =>
    [
        AtlasKeys.Sheet(spec.Id, layer),
        .. Enumerable.Range(0, spec.ShardCount()).SelectMany(shard => (string[])[
            AtlasKeys.ScanTally(spec.Id, shard, layer), AtlasKeys.ScanActivations(spec.Id, shard, layer),
            AtlasKeys.ScanPositions(spec.Id, shard, layer), AtlasKeys.ScanReconstruction(spec.Id, shard, layer)]),
        .. (spec.Dictionaries ?? []).GroupBy(dictionary => dictionary.Sha256)
            .Where(same => same.All(dictionary => dictionary.LayerName == layer)).Select(same => AtlasKeys.Dictionary(spec.Id, same.Key)),
        .. spec.MergeParts().SelectMany(part => (string[])[
            AtlasKeys.GatheredTally(spec.Id, part.Part, layer), AtlasKeys.GatherTable(spec.Id, part.Part, layer)]),
    ];
}
