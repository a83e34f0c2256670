using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>
/// Replaces and deletes objects of an atlas that has ended, so that its list of objects and its manifest still agree with them. An object
/// that differed from the list before differs from it afterwards, too.
/// </summary>
/// <remarks>
/// The manifest is written first, then the list, then the objects. If the process is killed in between, the same changes again finish the
/// work: whatever has its new content already counts as changed.
/// </remarks>
/// <param name="store">The atlas's objects.</param>
/// <param name="atlasId">The id of the atlas.</param>
internal sealed class ObjectChanges(IObjectStore store, string atlasId)
{
    private readonly string _root = AtlasKeys.Root(atlasId) + "/";
    private readonly SortedDictionary<string, byte[]> _replaced = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _deleted = new(StringComparer.Ordinal);
    private readonly List<string> _prefixes = [];

    /// <summary>The new contents by key.</summary>
    public IReadOnlyDictionary<string, byte[]> Replaced => _replaced;

    /// <summary>The keys that will be deleted.</summary>
    public IReadOnlySet<string> Deleted => _deleted;

    /// <summary>Replaces an object, or adds it.</summary>
    public void Replace(string key, byte[] content) => _replaced[key] = content;

    /// <summary>Deletes an object.</summary>
    public void Delete(string key) => _deleted.Add(key);

    /// <summary>Takes all keys with a prefix off the list, also those of objects that are gone already.</summary>
    public void Forget(string prefix) => _prefixes.Add(prefix);

    /// <summary>Returns list and manifest as they must be after the changes; null for what the atlas does not have.</summary>
    /// <param name="change">Changes the manifest.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <exception cref="ObjectStoreException">An object cannot be read.</exception>
    /// <exception cref="CorruptTableException">List or manifest are damaged.</exception>
    public async Task<(byte[]? List, byte[]? Manifest)> DescribeAsync(
        Func<AtlasManifest, AtlasManifest> change, CancellationToken cancellation)
    {
        var before = await store.TryGetAsync(AtlasKeys.ObjectList(atlasId), cancellation);
        var after = before is null ? null : await ChangeAsync(VizJson.Read<ObjectList>(before), cancellation);
        if (await store.TryGetAsync(AtlasKeys.Manifest(atlasId), cancellation) is not { } bytes)
            return (after, null);
        var manifest = VizJson.Read<AtlasManifest>(bytes);
        var changed = change(manifest);
        if (before is not null && manifest.ObjectsSha256 == ObjectHashes.Hash(before))
            changed = changed with { ObjectsSha256 = ObjectHashes.Hash(after!) };
        return (after, VizJson.Write(changed));
    }

    /// <summary>Makes the changes.</summary>
    /// <inheritdoc cref="DescribeAsync"/>
    public async Task ApplyAsync(Func<AtlasManifest, AtlasManifest> change, CancellationToken cancellation)
    {
        var (list, manifest) = await DescribeAsync(change, cancellation);
        if (manifest is not null)
            await store.PutAsync(AtlasKeys.Manifest(atlasId), manifest, cancellation);
        if (list is not null)
            await store.PutAsync(AtlasKeys.ObjectList(atlasId), list, cancellation);
        foreach (var (key, content) in _replaced)
            await store.PutAsync(key, content, cancellation);
        foreach (var key in _deleted)
            await store.DeleteAsync(key, cancellation);
    }

    /// <summary>
    /// Stores the changes beside the objects, so that <see cref="PendingChanges"/> can make them after the catalog has changed.
    /// </summary>
    /// <inheritdoc cref="DescribeAsync"/>
    public async Task StageAsync(Func<AtlasManifest, AtlasManifest> change, CancellationToken cancellation)
    {
        var (list, manifest) = await DescribeAsync(change, cancellation);
        var staged = new SortedDictionary<string, byte[]>(_replaced, StringComparer.Ordinal);
        if (manifest is not null)
            staged[AtlasKeys.Manifest(atlasId)] = manifest;
        if (list is not null)
            staged[AtlasKeys.ObjectList(atlasId)] = list;
        await PendingChanges.WriteAsync(store, atlasId, staged, [.. _deleted], cancellation);
    }

    private async Task<byte[]> ChangeAsync(ObjectList before, CancellationToken cancellation)
    {
        var hashes = new SortedDictionary<string, string>(before.Objects.ToDictionary(), StringComparer.Ordinal);
        foreach (var name in hashes.Keys.Where(name => _deleted.Contains(_root + name)
            || _prefixes.Exists(prefix => (_root + name).StartsWith(prefix, StringComparison.Ordinal))).ToList())
            hashes.Remove(name);
        foreach (var (key, content) in _replaced)
        {
            var (name, old) = (key[_root.Length..], await store.TryGetAsync(key, cancellation));
            var recorded = hashes.GetValueOrDefault(name);
            if (recorded == (old is null ? null : ObjectHashes.Hash(old)))
                hashes[name] = ObjectHashes.Hash(content);
        }
        return VizJson.Write(before with { Objects = hashes });
    }
}
