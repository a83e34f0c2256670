using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Joins what an atlas has with what is asked for, images included, whose lists are in the object store.</summary>
public static class GrowingImages
{
    /// <summary>Returns the spec of both and the list of its images.</summary>
    /// <param name="store">The object store of the atlas.</param>
    /// <param name="place">The place of its catalog, for messages.</param>
    /// <param name="stored">The spec of the atlas.</param>
    /// <param name="asked">The other spec.</param>
    /// <param name="listed">The image list of the other spec.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="AtlasConflictException">The other spec would change what the atlas has.</exception>
    /// <exception cref="CorruptTableException">The image list of the atlas is damaged.</exception>
    public static async Task<(AtlasSpec Joined, ImageList List)> JoinAsync(
        IObjectStore store, string place, AtlasSpec stored, AtlasSpec asked, ImageList listed, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(listed);
        JoinedImages? images = null;
        if (stored.NeedsScan() && asked.NeedsScan() && stored.DifferencesTo(asked).Contains("images"))
        {
            var key = AtlasKeys.ImageList(stored.Id);
            var known = await store.TryGetAsync(key, cancellation) is { } bytes
                ? VizJson.Read<ImageList>(bytes)
                : throw AtlasConflictException.OtherImages(place, stored, $"its image list {key} is missing");
            images = ImageGrowth.TryJoin(stored, known, asked, listed, out var fault)
                ?? throw AtlasConflictException.OtherImages(place, stored, fault);
        }
        var joined = AtlasGrowth.TryJoin(stored, asked, images) ?? throw AtlasConflictException.OtherSettings(place, stored, asked, images);
        return (joined, images?.List ?? listed);
    }

    /// <summary>
    /// Finds the scans and gatherings of an atlas whose results a merge of more images needs and that are gone: taken away by
    /// <c>viz prune</c>, or left out of a packed file.
    /// </summary>
    /// <returns>The keys of the results of these jobs, which have to be done again.</returns>
    public static async Task<IReadOnlySet<string>> FindLostAsync(
        IObjectStore store, AtlasSpec stored, AtlasSpec joined, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        var lost = new HashSet<string>(StringComparer.Ordinal);
        if (!stored.NeedsScan() || joined.Images.Count == stored.Images.Count)
            return lost;
        var there = await store.ListAsync(AtlasKeys.AllScans(stored.Id), cancellation).ToHashSetAsync(StringComparer.Ordinal, cancellation);
        var (shards, parts) = (stored.Shards().ToList(), stored.MergeParts());
        foreach (var layer in stored.Layers)
        {
            // Of a layer that was never merged, jobs that are not done yet have no results.
            if (!await store.ExistsAsync(AtlasKeys.LayerTable(stored.Id, layer.Name), cancellation))
                continue;
            var needsPieces = stored.Keep is { Images: > 0 }
                && !await store.ExistsAsync(AtlasKeys.ActivationIndex(stored.Id, layer.Name), cancellation);
            var gathered = parts.Where(part => there.Contains(AtlasKeys.GatheredTally(stored.Id, part.Part, layer.Name)))
                .SelectMany(part => Enumerable.Range(part.FirstShard, part.EndShard - part.FirstShard)).ToHashSet();
            foreach (var part in parts.Where(part => !gathered.Contains(part.FirstShard)))
                lost.Add(AtlasKeys.GatherTable(stored.Id, part.Part, layer.Name));
            foreach (var shard in shards.Where(shard => !IsThere(layer, shard.Number, gathered, needsPieces)))
                lost.Add(AtlasKeys.ScanTable(stored.Id, shard.Number, shard.PassOf(layer)));
        }
        return lost;

        bool IsThere(LayerSpec layer, int shard, HashSet<int> gathered, bool needsPieces)
            => (gathered.Contains(shard) || there.Contains(AtlasKeys.ScanTally(stored.Id, shard, layer.Name)))
                && (layer.Kind != "dictionary" || there.Contains(AtlasKeys.ScanReconstruction(stored.Id, shard, layer.Name)))
                && (!needsPieces || there.Contains(AtlasKeys.ScanActivations(stored.Id, shard, layer.Name)));
    }

    /// <summary>Counts the images of lost scans, see <see cref="FindLostAsync"/>.</summary>
    public static int CountImages(AtlasSpec stored, IReadOnlySet<string> lost)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(lost);
        return stored.Shards()
            .Where(shard => stored.Layers.Any(
                layer => lost.Contains(AtlasKeys.ScanTable(stored.Id, shard.Number, shard.PassOf(layer)))))
            .Sum(shard => shard.End - shard.First);
    }
}
