using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Takes a job's result table into the catalog. Doing it twice changes nothing.</summary>
public static class ResultIngest
{
    /// <summary>Writes the rows of a result. Call it inside a transaction.</summary>
    /// <param name="context">The catalog.</param>
    /// <param name="job">The job whose result it is.</param>
    /// <param name="table">The table as the worker stored it.</param>
    /// <param name="cancellation">Stops early; the transaction is then to be rolled back.</param>
    /// <exception cref="CorruptTableException">The table is damaged, or it is another job's.</exception>
    public static Task IngestAsync(CatalogContext context, Job job, ReadOnlyMemory<byte> table, CancellationToken cancellation)
    {
        var atlas = job.AtlasId;
        return JobPayload.Read(job.Kind, job.Payload, job.Attempt) switch
        {
            ScanShard scan => Scan(context, atlas, scan, VizJson.Read<ScanTable>(table.Span), cancellation),
            MergeLayer merge => Merge(context, atlas, merge.Layer, VizJson.Read<LayerTable>(table.Span), cancellation),
            RenderPatches patches => OfRange(patches.Layer, patches.FirstChannel, patches.EndChannel),
            AscendNeurons ascent => OfRange(ascent.Layer, ascent.FirstChannel, ascent.EndChannel),
            RenderFilters filters => OfRange(filters.Layer, PictureRow.WholeLayer, int.MaxValue),
            RenderSheet sheet => Sheet(context, atlas, sheet.Layer, VizJson.Read<SheetTable>(table.Span), cancellation),
            var command => throw new InvalidOperationException($"no result is known for {command.GetType().Name}"),
        };

        Task OfRange(int layer, int first, int end)
            => Pictures(context, atlas, layer, first, end, VizJson.Read<PictureTable>(table.Span), cancellation);
    }

    private static async Task Scan(CatalogContext context, int atlasId, ScanShard job, ScanTable table, CancellationToken cancellation)
    {
        Check(table.Shard == job.Shard && table.FirstImage == job.FirstImage && table.EndImage == job.EndImage, "it is another shard's");
        Check(
            table.Unreadable.All(image => image.Index >= job.FirstImage && image.Index < job.EndImage),
            "it lists images of other shards");
        var images = context.Images.Where(image => image.AtlasId == atlasId);
        await images.Where(image => image.ImageIndex >= job.FirstImage && image.ImageIndex < job.EndImage && image.UnreadableReason != null)
            .ExecuteUpdateAsync(image => image.SetProperty(i => i.UnreadableReason, (string?)null), cancellation);
        foreach (var unreadable in table.Unreadable)
            await images.Where(image => image.ImageIndex == unreadable.Index)
                .ExecuteUpdateAsync(image => image.SetProperty(i => i.UnreadableReason, unreadable.Reason), cancellation);
    }

    private static async Task Merge(CatalogContext context, int atlasId, int layerIndex, LayerTable table, CancellationToken cancellation)
    {
        var layer = await LayerOf(context, atlasId, layerIndex, table.Layer, cancellation);
        Check(
            table.Neurons.Select(neuron => neuron.Channel).SequenceEqual(Enumerable.Range(0, layer.Channels)),
            "its neurons are not the layer's");
        Check(
            table.Neurons.All(neuron => neuron.Layer == layerIndex && neuron.Histogram.Count == NeuronRow.HistogramBins),
            "a neuron is malformed");
        Check(
            table.Patches.All(patch => patch.Layer == layerIndex && patch.Rank is >= 1 and <= 9),
            "a patch is of another layer or rank");
        Check(
            table.Patches.All(patch => patch.Channel >= 0 && patch.Channel < layer.Channels),
            "a patch is not of the layer's neurons");
        Check(
            table.Patches.All(patch => !float.IsNaN(patch.Activation)),
            "an activation is not a number; the network's weights may be damaged");
        Check(AllDiffer(table.Patches, patch => (patch.Channel, patch.Rank)), "a neuron has two patches of one rank");

        await context.UpsertAsync(table.Neurons.Select(row => CatalogRows.Of(layer.Id, row)), [nameof(Neuron.Name)], cancellation);
        await context.UpsertAsync(
            table.Patches.Select(row => CatalogRows.Of(layer.Id, row)), [nameof(Patch.Recomputed), nameof(Patch.Mismatch)], cancellation);
    }

    private static async Task Pictures(
        CatalogContext context, int atlasId, int layerIndex, int first, int end, PictureTable table, CancellationToken cancellation)
    {
        var layer = await LayerOf(context, atlasId, layerIndex, table.Layer, cancellation);
        bool Ours(int row, int channel) => row == layerIndex && channel >= first && channel < end && channel < layer.Channels;
        Check(table.Pictures.All(picture => Ours(picture.Layer, picture.Channel)), "a picture is not of the job's neurons");
        Check(table.Patches.All(patch => Ours(patch.Layer, patch.Channel)), "a patch is not of the job's neurons");
        Check(
            AllDiffer(table.Pictures, picture => (picture.Channel, picture.Method, picture.Variant, picture.Seed)),
            "it lists a picture twice");

        // The sheet job places pictures among the images later; a second ingest of the picture must not undo that.
        await context.UpsertAsync(
            table.Pictures.Select(row => CatalogRows.Of(layer.Id, row)), [nameof(Picture.Percentile)], cancellation);
        if (table.Patches.Count == 0)
            return;
        var patches = await context.Patches
            .Where(patch => patch.LayerId == layer.Id && patch.Channel >= first && patch.Channel < end)
            .AsTracking()
            .ToDictionaryAsync(patch => (patch.Channel, patch.Rank), cancellation);
        foreach (var check in table.Patches)
        {
            Check(patches.TryGetValue((check.Channel, check.Rank), out var patch), "it checks a patch that the catalog lacks");
            patch!.Recomputed = float.IsNaN(check.Recomputed) ? null : check.Recomputed;
            patch.Mismatch = check.Mismatch;
        }
        await context.SaveChangesAsync(cancellation);
    }

    private static async Task Sheet(CatalogContext context, int atlasId, int layerIndex, SheetTable table, CancellationToken cancellation)
    {
        var layer = await LayerOf(context, atlasId, layerIndex, table.Layer, cancellation);
        Check(table.Percentiles.All(row => row.Layer == layerIndex), "a percentile is not of the layer");
        layer.SheetKey = table.SheetKey;
        var methods = table.Percentiles.Select(row => row.Method).Distinct().ToList();
        var pictures = await context.Pictures
            .Where(picture => picture.LayerId == layer.Id && methods.Contains(picture.Method))
            .AsTracking()
            .ToDictionaryAsync(picture => (picture.Channel, picture.Method, picture.Variant, picture.Seed), cancellation);
        foreach (var row in table.Percentiles)
        {
            Check(
                pictures.TryGetValue((row.Channel, row.Method, row.Variant, row.Seed), out var picture),
                "it places a picture that the catalog lacks");
            picture!.Percentile = row.Percentile;
        }
        await context.SaveChangesAsync(cancellation);
    }

    private static async Task<Layer> LayerOf(
        CatalogContext context, int atlasId, int expected, int found, CancellationToken cancellation)
    {
        Check(found == expected, $"it is of layer {found}, not of layer {expected}");
        return await context.Layers.AsTracking()
            .SingleAsync(layer => layer.AtlasId == atlasId && layer.LayerIndex == expected, cancellation);
    }

    // One statement of PostgreSQL refuses to write a row twice.
    private static bool AllDiffer<T, TKey>(IReadOnlyCollection<T> rows, Func<T, TKey> key) => rows.DistinctBy(key).Count() == rows.Count;

    private static void Check(bool good, string fault)
    {
        if (!good)
            throw new CorruptTableException($"the result table does not fit its job: {fault}");
    }
}
