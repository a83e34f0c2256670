using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Verify;

/// <summary>Checks that every picture in the catalog exists and can be decoded.</summary>
internal static class VerifiedPictures
{
    /// <summary>
    /// Adds missing and damaged pictures to <paramref name="findings"/>, in the order of their keys, without the <paramref name="faulty"/>,
    /// which have been reported. Returns the number of pictures checked.
    /// </summary>
    public static async Task<int> CheckAsync(
        VerifiedAtlas atlas, IReadOnlySet<string> faulty, List<string> findings, CancellationToken cancellation)
    {
        var keys = await ReadKeysAsync(atlas, findings, cancellation);
        var store = atlas.Store;
        var faults = new string?[keys.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, keys.Count), cancellation, async (i, stop) =>
                faults[i] = faulty.Contains(keys[i]) ? null : await FindFaultAsync(store, keys[i], stop));
        findings.AddRange(faults.OfType<string>());
        return keys.Count;
    }

    private static async Task<IReadOnlyList<string>> ReadKeysAsync(
        VerifiedAtlas atlas, List<string> findings, CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        var root = AtlasKeys.Root(atlas.Spec.Id) + "/";
        var keys = (await catalog.LayersAsync(atlas.Row.Id, cancellation)).Select(layer => layer.SheetKey).OfType<string>().ToList();
        await foreach (var (_, picture) in catalog.PicturesAsync(atlas.Row.Id, cancellation))
        {
            if (picture.Key is { } key)
                keys.Add(key);
        }
        findings.AddRange(keys.Where(key => !IsOurs(key, root)).Select(key => $"picture '{key}': not a key of this atlas"));
        return [.. keys.Where(key => IsOurs(key, root)).Order(StringComparer.Ordinal)];
    }

    private static bool IsOurs(string key, string root) => ObjectKey.IsValid(key) && key.StartsWith(root, StringComparison.Ordinal);

    private static async Task<string?> FindFaultAsync(IObjectStore store, string key, CancellationToken cancellation)
    {
        if (await store.TryGetAsync(key, cancellation) is not { } bytes)
            return $"picture {key}: missing";
        try
        {
            Png.Decode(bytes, key);
            return null;
        }
        catch (UnreadableImageException damage)
        {
            return $"picture {key}: {damage.Reason}";
        }
    }
}
