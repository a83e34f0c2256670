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
        var layer = atlas.Spec.Layers[command.Layer];
        var neurons = await ReadAsync<LayerTable>(AtlasKeys.LayerTable(command.AtlasId, layer.Name), cancellation);
        var pictures = await PicturesAsync(atlas.Spec, layer, cancellation);
        var sheet = new ContactSheet(atlas, command.Layer, neurons, pictures);
        var images = await FetchAsync(sheet.Keys, cancellation);
        var key = AtlasKeys.Sheet(command.AtlasId, layer.Name);
        await store.PutAsync(key, Png.Encode(sheet.Draw(images)), cancellation);
        return VizJson.Write(new SheetTable(command.Layer, key, await PercentilesAsync(command, layer.Name, pictures, cancellation)));
    }

    private async Task<List<PictureRow>> PicturesAsync(AtlasSpec spec, LayerSpec layer, CancellationToken cancellation)
    {
        var rows = new List<PictureRow>();
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
                rows.AddRange(table.Pictures);
        }
        return rows;
    }

    private async Task<T?> ReadAsync<T>(string key, CancellationToken cancellation)
        where T : class =>
        await store.TryGetAsync(key, cancellation) is { } bytes ? VizJson.Read<T>(bytes) : null;

    private async Task<Dictionary<string, RgbImage>> FetchAsync(IEnumerable<string> keys, CancellationToken cancellation)
    {
        var images = new System.Collections.Concurrent.ConcurrentDictionary<string, RgbImage>();
        await Parallel.ForEachAsync(keys, cancellation, async (key, stop) =>
        {
            if (await store.TryGetAsync(key, stop) is { } bytes)
                images[key] = ContactSheet.Thumbnail(Png.Decode(bytes, key));
        });
        return new Dictionary<string, RgbImage>(images);
    }

    private async Task<List<PercentileRow>> PercentilesAsync(
        RenderSheet command, string layer, List<PictureRow> pictures, CancellationToken cancellation)
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
