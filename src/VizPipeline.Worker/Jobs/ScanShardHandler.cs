using Microsoft.Extensions.Options;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>Runs one shard of the images through the network and stores the tally of each layer.</summary>
public sealed class ScanShardHandler(IObjectStore store, DeviceGate gate, IOptions<WorkerOptions> options) : IJobHandler<ScanShard>
{
    private const int Writes = 4;

    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, ScanShard command, IProgress<int> progress, CancellationToken cancellation)
    {
        var (count, shard) = (atlas.Spec.Images.Count, atlas.Spec.GetShard(command.Shard));
        LayerSpec[] layers = [.. atlas.Spec.LayersOf(command)];
        var kept = KeptImages.Of(atlas.Spec);
        var rows = kept.CreateRows(layers, shard);
        var ranks = OutputClasses.Of(atlas.Spec) is { } classes ? new ClassRanks(atlas, command, classes, layers) : null;
        ActivationObserver? observe = ranks is null ? null : ranks.Add;
        if (rows.Count > 0)
            observe += (layer, image, activations, positions) => rows[layer].Add(image, activations, positions);
        using var search = new TopPatchSearch(
            atlas.Runner, layers.Select(layer => atlas.Layer(layer.Index)), exact: count <= ActivationDistribution.ExactImages,
            imageSet: count, profiled: atlas.Spec.StableSamples ? ProfileSample.SelectStable(shard.Known).ToHashSet() : null)
        {
            Observe = observe,
        };
        var indices = Enumerable.Range(command.FirstImage, command.EndImage - command.FirstImage).ToArray();
        var (skipped, done) = (new List<UnreadableImage>(), 0);
        await foreach (var batch in atlas.Crops.ReadBatches(indices, atlas.Spec.BatchSize, Readers, cancellation))
        {
            using (batch)
            {
                Add(atlas, search, batch);
                skipped.AddRange(batch.Skipped.Select(image => new UnreadableImage(image.Index, image.Reason)));
                progress.Report(done += batch.Indices.Count + batch.Skipped.Count);
            }
        }
        // Each object waits for a disk or a network, so several are written at a time.
        var writing = new ParallelOptions { MaxDegreeOfParallelism = Writes, CancellationToken = cancellation };
        await Parallel.ForAsync(0, layers.Length, writing, async (i, token) =>
        {
            var layer = layers[i].Name;
            await store.PutAsync(AtlasKeys.ScanTally(command.AtlasId, command.Shard, layer), TallyFormat.Write(search.Tallies[i]), token);
            if (search.Reconstructions[i] is { } reconstruction)
                await store.PutAsync(
                    AtlasKeys.ScanReconstruction(command.AtlasId, command.Shard, layer), VizJson.Write(reconstruction), token);
            if (rows.Count > 0)
                await kept.PutAsync(store, command.Shard, layers[i], rows[i], token);
        });
        return VizJson.Write(new ScanTable(command.Shard, command.FirstImage, command.EndImage, done - skipped.Count, skipped)
        {
            ClassRanks = ranks?.Values.Any(rank => rank is not null) == true ? ranks.Values : null,
        });
    }

    private int Readers => Math.Max(1, options.Value.Readers / gate.Count);

    private static void Add(AtlasRuntime atlas, TopPatchSearch search, CropBatch batch)
    {
        if (batch.Indices.Count == 0)
            return;
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var images = atlas.Upload(batch.Pixels, batch.Indices.Count);
        search.Add(images, [.. batch.Indices], [.. batch.Indices.Select(index => atlas.Images.Images[index].Label)]);
    }

    // The rank of each image's class among the outputs, if they are among the layers.
    private sealed class ClassRanks(AtlasRuntime atlas, ScanShard shard, OutputClasses classes, LayerSpec[] layers)
    {
        public int?[] Values { get; } = new int?[shard.EndImage - shard.FirstImage];

        public void Add(int layer, int image, ReadOnlySpan<float> activations, ReadOnlySpan<int> positions)
        {
            if (layers[layer].Index == classes.Layer)
                Values[image - shard.FirstImage] = classes.RankOf(atlas.Images.Images[image].Label, activations);
        }
    }
}
