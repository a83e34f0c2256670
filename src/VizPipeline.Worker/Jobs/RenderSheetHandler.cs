using System.Drawing;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Search;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Rendering;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Draws the contact sheet of one layer from the available results and computes the percentiles of its ascent pictures.
/// </summary>
public sealed class RenderSheetHandler(IObjectStore store) : IJobHandler<RenderSheet>
{
    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, RenderSheet command, IProgress<int> progress, CancellationToken cancellation)
    {
        var layer = atlas.Spec.GetLayer(command.Layer);
        var neurons = await ReadAsync<LayerTable>(AtlasKeys.LayerTable(command.AtlasId, layer.Name), cancellation);
        var tables = await TablesAsync(atlas.Spec, layer, cancellation);
        PictureRow[] pictures = [.. tables.SelectMany(table => table.Pictures)];
        var sheet = new ContactSheet(atlas, command.Layer, neurons, pictures);
        var images = await FetchAsync(sheet.Pictures, CropsOf(atlas.Spec, neurons, tables), cancellation);
        var key = AtlasKeys.Sheet(command.AtlasId, layer.Name);
        var texts = new PictureTexts(atlas.Spec);
        await store.PutAsync(key, texts.Encode(sheet.Draw(images), command.Layer, null, "contact sheet"), cancellation);
        await KeptImages.Of(atlas.Spec.UpTo(command.Images)).DeleteShardsAsync(store, command.Layer, cancellation);
        return VizJson.Write(new SheetTable(command.Layer, key, await PercentilesAsync(command, layer.Name, pictures, cancellation))
        {
            Images = command.Images,
        });
    }

    private async Task<List<PictureTable>> TablesAsync(AtlasSpec spec, LayerSpec layer, CancellationToken cancellation)
    {
        var tables = new List<PictureTable>();
        // The plan lists every possible table; tables of failed jobs do not exist.
        foreach (var job in JobPlan.For(spec).Where(job => job.Group.Layer == layer.Index))
        {
            var key = job.Command switch
            {
                RenderPatches patches => AtlasKeys.PatchesTable(spec.Id, layer.Name, patches.FirstChannel, patches.EndChannel),
                AscendNeurons ascent => AtlasKeys.AscentTable(
                    spec.Id, layer.Name, ascent.FirstChannel, ascent.EndChannel, ascent.Preset, ascent.Seed),
                _ => null,
            };
            if (key is not null && await ReadAsync<PictureTable>(key, cancellation) is { } table)
                tables.Add(table);
        }
        return tables;
    }

    /// <summary>Returns the crops of each channel by rank, in pixels of the cells of its pictures.</summary>
    private static Dictionary<int, Rectangle?[]> CropsOf(AtlasSpec spec, LayerTable? layer, List<PictureTable> tables)
    {
        var boxes = (layer?.Patches ?? []).ToDictionary(patch => (patch.Channel, patch.Rank), patch => patch.Box);
        var crops = new Dictionary<int, Rectangle?[]>();
        foreach (var patch in tables.SelectMany(table => table.Patches))
        {
            if (patch.Crop is not { } crop || !boxes.TryGetValue((patch.Channel, patch.Rank), out var box))
                continue;
            if (!crops.TryGetValue(patch.Channel, out var ranks))
                crops.Add(patch.Channel, ranks = new Rectangle?[PatchMosaic.Cells * PatchMosaic.Cells]);
            ranks[patch.Rank - 1] = PixelBox.ToCell(box, crop, spec.Model.Input[2], spec.Model.Input[1]);
        }
        return crops;
    }

    private async Task<T?> ReadAsync<T>(string key, CancellationToken cancellation)
        where T : class =>
        await store.TryGetAsync(key, cancellation) is { } bytes ? VizJson.Read<T>(bytes) : null;

    private async Task<Dictionary<string, RgbImage>> FetchAsync(
        IEnumerable<PictureRow> pictures, Dictionary<int, Rectangle?[]> crops, CancellationToken cancellation)
    {
        var images = new System.Collections.Concurrent.ConcurrentDictionary<string, RgbImage>();
        await Parallel.ForEachAsync(pictures, cancellation, async (picture, stop) =>
        {
            if (await store.TryGetAsync(picture.Key!, stop) is { } bytes)
                images[picture.Key!] = ContactSheet.Thumbnail(
                    Png.Decode(bytes, picture.Key!), picture.Method, crops.GetValueOrDefault(picture.Channel) ?? []);
        });
        return new Dictionary<string, RgbImage>(images);
    }

    private async Task<List<PercentileRow>> PercentilesAsync(
        RenderSheet command, string layer, PictureRow[] pictures, CancellationToken cancellation)
    {
        var key = AtlasKeys.LayerTally(command.AtlasId, layer);
        if (await store.TryGetAsync(key, cancellation) is not { } bytes)
            return [];
        var tally = TallyFormat.Read(bytes, key);
        return [.. pictures
            .Where(picture => picture.Method == PictureMethod.Ascent && picture.Activation is not null
                && picture.Status != PictureStatus.Dead)
            .Select(picture => new PercentileRow(
                command.Layer, picture.Channel, picture.Method, picture.Variant, picture.Seed,
                NeuronStatistics.Percentile(tally, picture.Channel, (float)picture.Activation!.Value)))];
    }
}
