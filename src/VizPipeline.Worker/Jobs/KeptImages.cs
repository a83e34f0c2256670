using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Which activations an atlas keeps, and the steps that keep them: in a scan, in a layer's merge, and at its end.</summary>
internal sealed class KeptImages
{
    private readonly AtlasSpec _spec;
    private readonly KeepSpec _keep;

    private KeptImages(AtlasSpec spec) => (_spec, _keep) = (spec, spec.Keep ?? new KeepSpec(0));

    private bool IsNone => _keep.Images == 0;

    /// <summary>Follows a spec.</summary>
    public static KeptImages Of(AtlasSpec spec) => new(spec);

    /// <summary>Creates the rows of a shard for each of some layers; empty if nothing is kept.</summary>
    public IReadOnlyList<ActivationRows> CreateRows(IEnumerable<LayerSpec> layers, ImageShard shard)
    {
        if (IsNone)
            return [];
        var images = RowsOf(shard, Sample(shard.Known));
        return [.. layers.Select(layer => new ActivationRows(layer.Name, layer.Channels, images, _keep.Positions))];
    }

    /// <summary>Stores the rows of one layer of a shard.</summary>
    public Task PutAsync(IObjectStore store, int shard, LayerSpec layer, ActivationRows rows, CancellationToken cancellation)
        => new ActivationWriter(store, _spec.Id).PutShardAsync(
            shard, layer.Name, layer.Channels, rows.Values, rows.Positions, (long)layer.Height * layer.Width, cancellation);

    /// <summary>Joins the shards of a layer, if anything is kept.</summary>
    public async Task JoinAsync(IObjectStore store, int layer, CancellationToken cancellation)
    {
        if (IsNone)
            return;
        var pieces = _spec.Shards().GroupBy(shard => shard.Known).SelectMany(batch =>
        {
            var sample = Sample(batch.Key);
            return batch.Select(shard => RowsOf(shard, sample));
        }).ToList();
        await new ActivationWriter(store, _spec.Id).JoinAsync(
            _spec.GetLayer(layer), _spec.Images.Count, Sample(_spec.Images.Count), _keep.Positions, pieces, cancellation);
    }

    /// <summary>Deletes what the shards of a layer hold a second time, once its activations are joined.</summary>
    public Task DeleteShardsAsync(IObjectStore store, int layer, CancellationToken cancellation) => IsNone
        ? Task.CompletedTask
        : new ActivationWriter(store, _spec.Id).DeleteShardsAsync(
            _spec.GetLayer(layer).Name, _spec.ShardCount(), _keep.Positions, cancellation);

    // The kept images while the atlas has so many; null for all. What later images push out is left out when the shards are joined.
    private int[]? Sample(int count) => _keep.Images >= count ? null
        : _spec.StableSamples ? StableSample.Select(count, _keep.Images) : EvenSample.Select(count, _keep.Images);

    private static int[] RowsOf(ImageShard shard, int[]? sample) => sample is null
        ? [.. Enumerable.Range(shard.First, shard.End - shard.First)]
        : [.. sample.Where(image => image >= shard.First && image < shard.End)];
}
