using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Ingests the result tables of jobs, batching the rows of many jobs. Ingesting a result again changes nothing.</summary>
/// <remarks>Make all calls inside one transaction, and roll it back when any of them fails.</remarks>
public sealed class ResultIngest(CatalogContext context)
{
    private readonly Dictionary<(int Atlas, int Index), Layer> _layers = [];
    private readonly List<(int Atlas, ScanShard Shard, ScanTable Table)> _scans = [];
    private readonly List<Neuron> _neurons = [];
    private readonly List<Patch> _patches = [];
    private readonly List<Picture> _pictures = [];
    private readonly List<Facet> _facets = [];
    private readonly List<(Layer Layer, PatchCheckRow Row)> _checks = [];

    /// <summary>Adds and saves one result.</summary>
    /// <inheritdoc cref="AddAsync(Job, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static async Task IngestAsync(CatalogContext context, Job job, ReadOnlyMemory<byte> table, CancellationToken cancellation)
    {
        var ingest = new ResultIngest(context);
        await ingest.AddAsync(job, table, cancellation);
        await ingest.SaveAsync(cancellation);
    }

    /// <summary>Adds a result. Its rows may be written immediately or batched with others.</summary>
    /// <param name="job">The job of the result; at most one result per job.</param>
    /// <param name="table">The table as the worker stored it.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="CorruptTableException">The table is damaged or belongs to another job.</exception>
    public async Task AddAsync(Job job, ReadOnlyMemory<byte> table, CancellationToken cancellation)
    {
        var asked = new JobMessage(job.Kind, job.Payload, job.Attempt).ReadCommand();
        Check(JobKindRow.IsResultOf(asked, table.Span), "it was made of another number of images");
        switch (asked)
        {
            case ScanShard scan:
                Add(job.AtlasId, scan, VizJson.Read<ScanTable>(table.Span));
                break;
            case GatherShards gather:
                var gathered = VizJson.Read<GatherTable>(table.Span);
                Check(gathered == new GatherTable(gather.Layer, gather.Part, gather.FirstShard, gather.EndShard), "it is another part's");
                break;
            case MergeLayer merge:
                Add(await LayerOfAsync(job.AtlasId, merge.Layer, cancellation), VizJson.Read<LayerTable>(table.Span));
                break;
            case RenderPatches patches:
                await OfRangeAsync(patches.Layer, patches.FirstChannel, patches.EndChannel);
                break;
            case AscendNeurons ascent:
                await OfRangeAsync(ascent.Layer, ascent.FirstChannel, ascent.EndChannel);
                break;
            case RenderFilters filters:
                await OfRangeAsync(filters.Layer, PictureRow.WholeLayer, int.MaxValue);
                break;
            case FindFacets facets:
                // With more images a neuron may have fewer facets than before.
                await DeleteFacetsAsync(await LayerOfAsync(job.AtlasId, facets.Layer, cancellation), facets, cancellation);
                await OfRangeAsync(facets.Layer, facets.FirstChannel, facets.EndChannel);
                break;
            case RenderSheet sheet:
                var drawn = VizJson.Read<SheetTable>(table.Span);
                Check(AtlasKeys.IsOf(asked.AtlasId, drawn.SheetKey), "the sheet is not of its atlas");
                await AddAsync(await LayerOfAsync(job.AtlasId, sheet.Layer, cancellation), drawn, cancellation);
                break;
            case var command:
                throw new InvalidOperationException($"no result is known for {command.GetType().Name}");
        }

        async Task OfRangeAsync(int layer, int first, int end)
        {
            var result = VizJson.Read<PictureTable>(table.Span);
            Check(
                result.Pictures.All(picture => picture.Key is null || AtlasKeys.IsOf(asked.AtlasId, picture.Key)),
                "a picture is not of its atlas");
            Add(await LayerOfAsync(job.AtlasId, layer, cancellation), first, end, result);
        }
    }

    /// <summary>Writes the rows of all added results.</summary>
    /// <exception cref="CorruptTableException">A table checks a patch that the catalog lacks.</exception>
    public async Task SaveAsync(CancellationToken cancellation)
    {
        foreach (var atlas in _scans.GroupBy(scan => scan.Atlas))
            await SaveScansAsync(atlas.Key, [.. atlas], cancellation);
        if (_neurons.Count > 0)
            await context.UpsertAsync(_neurons, [nameof(Neuron.Name)], cancellation);
        if (_patches.Count > 0)
            await context.UpsertAsync(_patches, Patch.RenderedColumns, cancellation);
        // The sheet job sets the percentiles of pictures later; ingesting the picture again must keep them.
        if (_pictures.Count > 0)
            await context.UpsertAsync(_pictures, [nameof(Picture.Percentile)], cancellation);
        if (_facets.Count > 0)
            await context.UpsertAsync(_facets, [], cancellation);
        foreach (var layer in _checks.GroupBy(check => check.Layer.Id))
            await SaveChecksAsync(layer.Key, [.. layer.Select(check => check.Row)], cancellation);
        await context.SaveChangesAsync(cancellation);
    }

    private void Add(int atlas, ScanShard job, ScanTable table)
    {
        Check(table.Shard == job.Shard && table.FirstImage == job.FirstImage && table.EndImage == job.EndImage, "it is another shard's");
        Check(
            table.Unreadable.All(image => image.Index >= job.FirstImage && image.Index < job.EndImage),
            "it lists images of other shards");
        Check(
            table.ClassRanks is not { } ranks
                || (ranks.Count == job.EndImage - job.FirstImage && ranks.All(rank => rank is null or > 0)),
            "its ranks are not those of the shard's images");
        _scans.Add((atlas, job, table));
    }

    private async Task SaveScansAsync(
        int atlas, List<(int Atlas, ScanShard Shard, ScanTable Table)> scanned, CancellationToken cancellation)
    {
        var (first, end) = (scanned.Min(scan => scan.Shard.FirstImage), scanned.Max(scan => scan.Shard.EndImage));
        var reasons = scanned.SelectMany(scan => scan.Table.Unreadable).GroupBy(image => image.Index)
            .ToDictionary(image => image.Key, image => image.First().Reason);
        var unreadable = reasons.Keys.ToList();
        var ranked = scanned.Any(scan => scan.Table.ClassRanks is not null);
        var images = await context.Images.AsTracking()
            .Where(image => image.AtlasId == atlas && image.ImageIndex >= first && image.ImageIndex < end)
            .Where(image => ranked || image.UnreadableReason != null || unreadable.Contains(image.ImageIndex))
            .ToListAsync(cancellation);
        foreach (var image in images)
        {
            var own = scanned.Where(scan => image.ImageIndex >= scan.Shard.FirstImage && image.ImageIndex < scan.Shard.EndImage).ToList();
            if (own.Count == 0)
                continue;
            image.UnreadableReason = reasons.GetValueOrDefault(image.ImageIndex);
            // A pass for other layers than the outputs knows no ranks.
            foreach (var (_, shard, table) in own.Where(scan => scan.Table.ClassRanks is not null))
                image.ClassRank = table.ClassRanks![image.ImageIndex - shard.FirstImage];
        }
    }

    private void Add(Layer layer, LayerTable table)
    {
        CheckLayer(layer, table.Layer);
        Check(
            table.Neurons.Select(neuron => neuron.Channel).SequenceEqual(Enumerable.Range(0, layer.Channels)),
            "its neurons are not the layer's");
        Check(
            table.Neurons.All(neuron => neuron is { Images: not null, Dead: not null, Histogram.Length: NeuronFacts.HistogramBins }
                && neuron.Layer == layer.LayerIndex),
            "a neuron is malformed");
        Check(
            table.Patches.All(patch => patch.Layer == layer.LayerIndex && patch.Rank is >= 1 and <= 9),
            "a patch is of another layer or rank");
        Check(
            table.Patches.All(patch => patch.Channel >= 0 && patch.Channel < layer.Channels),
            "a patch is not of the layer's neurons");
        Check(
            table.Patches.All(patch => !float.IsNaN(patch.Activation)),
            "an activation is not a number; the network's weights may be damaged");
        Check(AllDiffer(table.Patches, patch => (patch.Channel, patch.Rank)), "a neuron has two patches of one rank");
        _neurons.AddRange(table.Neurons.Select(row => CatalogRows.Of(layer.Id, row)));
        _patches.AddRange(table.Patches.Select(row => CatalogRows.Of(layer.Id, row)));
    }

    private void Add(Layer layer, int first, int end, PictureTable table)
    {
        CheckLayer(layer, table.Layer);
        bool Ours(int row, int channel) => row == layer.LayerIndex && channel >= first && channel < end && channel < layer.Channels;
        Check(table.Pictures.All(picture => Ours(picture.Layer, picture.Channel)), "a picture is not of the job's neurons");
        Check(table.Patches.All(patch => Ours(patch.Layer, patch.Channel)), "a patch is not of the job's neurons");
        Check(
            AllDiffer(table.Pictures, picture => (picture.Channel, picture.Method, picture.Variant, picture.Seed)),
            "it lists a picture twice");
        CheckFacets(layer, table.Facets ?? [], first, end);
        _pictures.AddRange(table.Pictures.Select(row => CatalogRows.Of(layer.Id, row)));
        _facets.AddRange((table.Facets ?? []).Select(row => CatalogRows.Of(layer.Id, row)));
        _checks.AddRange(table.Patches.Select(row => (layer, row)));
    }

    private async Task DeleteFacetsAsync(Layer layer, FindFacets job, CancellationToken cancellation)
    {
        await context.Facets
            .Where(facet => facet.LayerId == layer.Id && facet.Channel >= job.FirstChannel && facet.Channel < job.EndChannel)
            .ExecuteDeleteAsync(cancellation);
        await context.Pictures
            .Where(picture => picture.LayerId == layer.Id && picture.Method == PictureMethod.Facets
                && picture.Channel >= job.FirstChannel && picture.Channel < job.EndChannel)
            .ExecuteDeleteAsync(cancellation);
    }

    private static void CheckFacets(Layer layer, IReadOnlyList<FacetRow> facets, int first, int end)
    {
        Check(
            facets.All(facet => facet.Channel >= first && facet.Channel < end && facet.Channel < layer.Channels),
            "a facet is not of the job's neurons");
        Check(
            facets.All(facet => facet is { Facet: >= 1 and <= FacetRow.Most, Images.Count: > 0, Share: > 0 and <= 1 }
                && double.IsFinite(facet.MeanActivation) && facet.Silhouette is null or (>= -1 and <= 1)),
            "a facet is malformed");
        Check(AllDiffer(facets, facet => (facet.Channel, facet.Facet)), "a neuron has two facets of one number");
        Check(
            facets.GroupBy(facet => facet.Channel).All(of => AllDiffer(of.SelectMany(facet => facet.Images).ToList(), image => image)),
            "an image is in two facets of a neuron");
    }

    private async Task SaveChecksAsync(int layer, List<PatchCheckRow> rows, CancellationToken cancellation)
    {
        var (first, last) = (rows.Min(row => row.Channel), rows.Max(row => row.Channel));
        var found = await context.Patches
            .Where(patch => patch.LayerId == layer && patch.Channel >= first && patch.Channel <= last)
            .AsTracking()
            .ToDictionaryAsync(patch => (patch.Channel, patch.Rank), cancellation);
        foreach (var row in rows)
        {
            Check(found.TryGetValue((row.Channel, row.Rank), out var patch), "it checks a patch that the catalog lacks");
            patch!.Recomputed = float.IsNaN(row.Recomputed) ? null : row.Recomputed;
            patch.Mismatch = row.Mismatch;
            (patch.CropX0, patch.CropY0, patch.CropX1, patch.CropY1) = (row.Crop?.X0, row.Crop?.Y0, row.Crop?.X1, row.Crop?.Y1);
        }
    }

    private async Task AddAsync(Layer layer, SheetTable table, CancellationToken cancellation)
    {
        CheckLayer(layer, table.Layer);
        Check(table.Percentiles.All(row => row.Layer == layer.LayerIndex), "a percentile is not of the layer");
        layer.SheetKey = table.SheetKey;
        var methods = table.Percentiles.Select(row => row.Method).Distinct().ToList();
        var placed = await context.Pictures
            .Where(picture => picture.LayerId == layer.Id && methods.Contains(picture.Method))
            .AsTracking()
            .ToDictionaryAsync(picture => (picture.Channel, picture.Method, picture.Variant, picture.Seed), cancellation);
        foreach (var row in table.Percentiles)
        {
            Check(
                placed.TryGetValue((row.Channel, row.Method, row.Variant, row.Seed), out var picture),
                "it places a picture that the catalog lacks");
            picture!.Percentile = row.Percentile;
        }
    }

    private async Task<Layer> LayerOfAsync(int atlas, int index, CancellationToken cancellation)
    {
        if (!_layers.TryGetValue((atlas, index), out var layer))
            _layers[(atlas, index)] = layer = await context.Layers.AsTracking()
                .SingleAsync(layer => layer.AtlasId == atlas && layer.LayerIndex == index, cancellation);
        return layer;
    }

    private static void CheckLayer(Layer layer, int found)
        => Check(found == layer.LayerIndex, $"it is of layer {found}, not of layer {layer.LayerIndex}");

    // PostgreSQL refuses to write a row twice in one statement.
    private static bool AllDiffer<T, TKey>(IReadOnlyCollection<T> rows, Func<T, TKey> key) => rows.DistinctBy(key).Count() == rows.Count;

    private static void Check(bool good, string fault)
    {
        if (!good)
            throw new CorruptTableException($"the result table does not fit its job: {fault}");
    }
}
