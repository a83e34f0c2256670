using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Verify;

/// <summary>Checks all objects of an atlas against the hashes that its run recorded at the end.</summary>
internal static class VerifiedObjects
{
    /// <summary>Adds objects that are missing, changed or unknown to <paramref name="findings"/>.</summary>
    /// <returns>The number of objects checked, null if the atlas has no list of them; and the keys of those with a finding.</returns>
    public static async Task<(int? Objects, IReadOnlySet<string> Faulty)> CheckAsync(
        VerifiedAtlas atlas, List<string> findings, CancellationToken cancellation)
    {
        var faulty = new HashSet<string>(StringComparer.Ordinal);
        var (id, store) = (atlas.Spec.Id, atlas.Store);
        var expected = await store.TryGetAsync(AtlasKeys.Manifest(id), cancellation) is { } manifest
            ? VizJson.Read<AtlasManifest>(manifest).ObjectsSha256 : null;
        if (await store.TryGetAsync(AtlasKeys.ObjectList(id), cancellation) is not { } bytes)
        {
            if (expected is not null)
                findings.Add($"object {AtlasKeys.ObjectList(id)}: missing");
            return (null, faulty);
        }
        if (ObjectHashes.Hash(bytes) != expected)
            findings.Add($"object {AtlasKeys.ObjectList(id)}: is not the list that the manifest names (different SHA-256)");
        var listed = VizJson.Read<ObjectList>(bytes).Objects;
        var found = await ObjectHashes.ReadAsync(store, id, cancellation);
        foreach (var (name, hash) in listed)
        {
            if (!found.TryGetValue(name, out var actual))
                Add(name, "missing");
            else if (actual != hash)
                Add(name, "changed since the run (different SHA-256)");
        }
        foreach (var name in found.Keys.Where(name => !listed.ContainsKey(name)))
            Add(name, "not of this atlas: its run did not write it");
        return (listed.Count, faulty);

        void Add(string name, string fault)
        {
            var key = $"{AtlasKeys.Root(id)}/{name}";
            faulty.Add(key);
            findings.Add($"object {key}: {fault}");
        }
    }
}
