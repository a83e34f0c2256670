using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.ActivationStore;

/// <summary>
/// Writes the activations of shards, and joins them to the blocks of a layer. The result depends neither on the shards nor on the order in
/// which they were scanned, nor on how many images the layer had before.
/// </summary>
/// <param name="store">The object store.</param>
/// <param name="atlasId">The atlas's id.</param>
public sealed class ActivationWriter(IObjectStore store, string atlasId)
{
    /// <summary>Stores what one shard has of a layer.</summary>
    /// <param name="shard">The shard's number.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="activations">[kept images of the shard, neurons], row by row.</param>
    /// <param name="positions">Row-major positions like <paramref name="activations"/>, or null if they are not kept.</param>
    /// <param name="places">Number of places of the layer's map.</param>
    /// <param name="cancellation">Cancels the writes.</param>
    public async Task PutShardAsync(
        int shard, string layer, int neurons, ReadOnlyMemory<Half> activations, ReadOnlyMemory<int>? positions, long places,
        CancellationToken cancellation)
    {
        var rows = activations.Length / neurons;
        await store.PutAsync(
            AtlasKeys.ScanActivations(atlasId, shard, layer),
            NpyMatrix.Write<Half>(activations.Span, rows, neurons, byColumn: false), cancellation);
        if (positions is { } given)
            await store.PutAsync(
                AtlasKeys.ScanPositions(atlasId, shard, layer),
                places > ushort.MaxValue + 1
                    ? NpyMatrix.Write<uint>(Array.ConvertAll(given.ToArray(), position => (uint)position), rows, neurons, byColumn: false)
                    : NpyMatrix.Write<ushort>(
                        Array.ConvertAll(given.ToArray(), position => (ushort)position), rows, neurons, byColumn: false),
                cancellation);
    }

    /// <summary>
    /// Joins the shards of a layer, and what its blocks have of shards that were joined before and deleted. The index is written last, so
    /// whoever finds it finds all blocks.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="images">Number of images of the image set.</param>
    /// <param name="sample">The kept images, ascending; null for all.</param>
    /// <param name="hasPositions">Whether positions were kept.</param>
    /// <param name="shards">
    /// The images of the rows of each shard, ascending: all kept images of the shard, and others that are kept no longer.
    /// </param>
    /// <param name="cancellation">Cancels the reads and writes.</param>
    /// <exception cref="CorruptTableException">
    /// A shard's object has another shape, or a kept image is in none and in no block.
    /// </exception>
    public async Task<ActivationIndex> JoinAsync(
        LayerSpec layer, int images, IReadOnlyList<int>? sample, bool hasPositions, IReadOnlyList<IReadOnlyList<int>> shards,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(shards);
        var key = AtlasKeys.ActivationIndex(atlasId, layer.Name);
        var before = await store.TryGetAsync(key, cancellation) is { } json ? ActivationIndex.Read(json, key) : null;
        var index = new ActivationIndex(
            ActivationIndex.CurrentFormat, layer.Name, layer.Channels, images, sample?.Count ?? images, sample, layer.Height, layer.Width,
            ActivationIndex.ChooseRowsPerBlock(layer.Channels), [], null);
        var join = new ActivationJoin(store, atlasId, index, before, shards);
        index = index with
        {
            Activations = await join.RunAsync<Half>("activations", before?.Activations, AtlasKeys.ScanActivations, cancellation),
            Positions = !hasPositions ? null : index.HasWidePositions
                ? await join.RunAsync<uint>("positions", before?.Positions, AtlasKeys.ScanPositions, cancellation)
                : await join.RunAsync<ushort>("positions", before?.Positions, AtlasKeys.ScanPositions, cancellation),
        };
        await store.PutAsync(key, VizJson.Write(index), cancellation);
        return index;
    }

    /// <summary>
    /// Deletes the objects of the shards of a layer, once its index exists: they hold the same values a second time. So do the blocks of a
    /// shorter image set.
    /// </summary>
    public async Task DeleteShardsAsync(string layer, int shards, bool hasPositions, CancellationToken cancellation)
    {
        var key = AtlasKeys.ActivationIndex(atlasId, layer);
        if (await store.TryGetAsync(key, cancellation) is not { } json)
            return;
        for (var shard = 0; shard < shards; shard++)
        {
            await store.DeleteAsync(AtlasKeys.ScanActivations(atlasId, shard, layer), cancellation);
            if (hasPositions)
                await store.DeleteAsync(AtlasKeys.ScanPositions(atlasId, shard, layer), cancellation);
        }
        var index = ActivationIndex.Read(json, key);
        var needed = index.Activations.Concat(index.Positions ?? []).Select(block => block.Key).ToHashSet(StringComparer.Ordinal);
        var folder = AtlasKeys.ActivationBlock(atlasId, layer, "");
        await foreach (var block in store.ListAsync(folder, cancellation))
        {
            // Not those that a job writes for more images at this moment.
            if (block != key && !needed.Contains(block[folder.Length..]) && ActivationJoin.ImagesOf(block) < index.Images)
                await store.DeleteAsync(block, cancellation);
        }
    }
}
