using System.Security.Cryptography;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>Hashes the objects of an atlas.</summary>
internal static class ObjectHashes
{
    /// <summary>Returns the SHA-256 of bytes, in lower-case hexadecimal digits.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>
    /// Hashes all objects below an atlas's root, by the rest of their keys: neither the list of objects itself, nor the manifest, which
    /// contains the list's hash, nor the catalog and the notes, which are none and lie in the same folder, nor what is drawn later on
    /// request.
    /// </summary>
    public static async Task<SortedDictionary<string, string>> ReadAsync(
        IObjectStore store, string atlasId, CancellationToken cancellation)
    {
        var root = AtlasKeys.Root(atlasId) + "/";
        var keys = new List<string>();
        await foreach (var key in store.ListAsync(root, cancellation))
        {
            if (key != AtlasKeys.ObjectList(atlasId) && key != AtlasKeys.Manifest(atlasId)
                && !key.StartsWith(AtlasKeys.Exemplars(atlasId), StringComparison.Ordinal)
                && !EmbeddedAtlas.IsDatabase(key[root.Length..]))
                keys.Add(key);
        }
        var hashes = new string?[keys.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, keys.Count), cancellation, async (i, stop) => hashes[i] = await TryHashAsync(store, keys[i], stop));
        return new SortedDictionary<string, string>(
            keys.Zip(hashes).Where(pair => pair.Second is not null).ToDictionary(pair => pair.First[root.Length..], pair => pair.Second!),
            StringComparer.Ordinal);
    }

    /// <summary>Writes the list of all objects and returns the list's own hash.</summary>
    public static async Task<string> WriteListAsync(IObjectStore store, string atlasId, CancellationToken cancellation)
    {
        var list = VizJson.Write(new ObjectList(await ReadAsync(store, atlasId, cancellation)));
        await store.PutAsync(AtlasKeys.ObjectList(atlasId), list, cancellation);
        return Hash(list);
    }

    // Null for an object that has been deleted in the meantime.
    private static async Task<string?> TryHashAsync(IObjectStore store, string key, CancellationToken cancellation)
    {
        if (store is not FolderObjectStore folder)
            return await store.TryGetAsync(key, cancellation) is { } bytes ? Hash(bytes) : null;
        try
        {
            return await FileHash.Sha256Async(folder.PathOf(key), cancellation);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(folder.Folder, key, failure);
        }
    }
}
