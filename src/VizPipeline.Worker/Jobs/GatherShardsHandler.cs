using VizPipeline.Jobs;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Merges the tallies of some shards for one layer, so that no single job has to read a thousand of them.</summary>
public sealed class GatherShardsHandler(IObjectStore store) : IJobHandler<GatherShards>
{
    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, GatherShards command, IProgress<int> progress, CancellationToken cancellation)
    {
        var name = atlas.Spec.GetLayer(command.Layer).Name;
        var keys = Enumerable.Range(command.FirstShard, command.EndShard - command.FirstShard)
            .Select(shard => AtlasKeys.ScanTally(command.AtlasId, shard, name));
        var merged = await StoredTallies.MergeAsync(store, keys, cancellation, progress);
        await store.PutAsync(AtlasKeys.GatheredTally(command.AtlasId, command.Part, name), TallyFormat.Write(merged), cancellation);
        return VizJson.Write(new GatherTable(command.Layer, command.Part, command.FirstShard, command.EndShard));
    }
}

/// <summary>Merges tallies in the object store.</summary>
internal static class StoredTallies
{
    /// <summary>Merges the tallies in order, so that even floating-point sums are reproducible.</summary>
    public static async Task<LayerTally> MergeAsync(
        IObjectStore store, IEnumerable<string> keys, CancellationToken cancellation, IProgress<int>? progress = null)
    {
        LayerTally? merged = null;
        var done = 0;
        foreach (var key in keys)
        {
            var tally = TallyFormat.Read(await store.GetAsync(key, cancellation), key);
            if (merged is null)
                merged = tally;
            else
                merged.Merge(tally);
            progress?.Report(++done);
        }
        return merged ?? throw new ArgumentException("there is nothing to merge", nameof(keys));
    }
}
