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
    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, ScanShard command, IProgress<int> progress, CancellationToken cancellation)
    {
        var count = atlas.Spec.Images.Count;
        var search = new TopPatchSearch(atlas.Runner, atlas.Layers, exact: count <= ActivationDistribution.ExactImages, imageSet: count);
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
        for (var i = 0; i < atlas.Layers.Count; i++)
            await store.PutAsync(AtlasKeys.ScanTally(command.AtlasId, command.Shard, atlas.Spec.Layers[i].Name), TallyFormat.Write(
                search.Tallies[i]), cancellation);
        return VizJson.Write(new ScanTable(command.Shard, command.FirstImage, command.EndImage, done - skipped.Count, skipped));
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
}
