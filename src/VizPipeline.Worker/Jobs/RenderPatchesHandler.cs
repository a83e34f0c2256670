using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Network.Execution;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Rendering;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Cuts out the top-9 patches of a range of neurons and draws their deconvolutions. Samples are processed in image order, so that each
/// image is decoded and uploaded once for all of these neurons.
/// </summary>
public sealed class RenderPatchesHandler(IObjectStore store) : IJobHandler<RenderPatches>
{
    // Relative to the activation or, for tiny activations, to the neuron's largest.
    private const double Tolerance = 1e-3;

    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, RenderPatches command, IProgress<int> progress, CancellationToken cancellation)
    {
        var name = atlas.Spec.GetLayer(command.Layer).Name;
        var table = VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable(command.AtlasId, name), cancellation));
        var stays = await UnchangedPictures.FindAsync(store, atlas.Spec, command, cancellation);
        var materials = TopMaterial.Of(table, command.FirstChannel, command.EndChannel);
        string[] methods = [.. new[] { (AtlasMethods.Top9, PictureMethod.Top9), (AtlasMethods.Deconv, PictureMethod.Deconv) }
            .Where(method => atlas.Spec.Methods.HasFlag(method.Item1)).Select(method => method.Item2)];
        int[] channels = [.. Enumerable.Range(command.FirstChannel, command.EndChannel - command.FirstChannel)
            .Where(channel => !stays.Has(channel, materials[channel], methods.Length))];
        var drawn = channels.ToHashSet();
        PatchRow[] patches = [.. table.Patches.Where(patch => drawn.Contains(patch.Channel)).OrderBy(patch => patch.Image)];
        var drawing = new PatchDrawing(atlas, command.Layer, command.FirstChannel, command.EndChannel);
        var checks = Draw(atlas, command, patches, drawing, progress, cancellation);

        var (pictures, texts) = (new List<PictureRow>(), new PictureTexts(atlas.Spec));
        foreach (var method in methods)
        {
            pictures.AddRange(await StoreAsync(
                texts, command, name, method, method == PictureMethod.Top9 ? drawing.Patches : drawing.Deconvolutions, channels, table,
                materials, cancellation));
        }
        // In the order of a job that draws everything.
        return VizJson.Write(new PictureTable(
            command.Layer,
            [.. pictures.Concat(stays.Pictures.Where(picture => !drawn.Contains(picture.Channel)))
                .OrderBy(picture => Array.IndexOf(methods, picture.Method)).ThenBy(picture => picture.Channel)],
            [.. checks.Concat(stays.Checks.Where(check => !drawn.Contains(check.Channel)))
                .OrderBy(check => check.Channel).ThenBy(check => check.Rank)])
        {
            Images = command.Images,
        });
    }

    private static List<PatchCheckRow> Draw(
        AtlasRuntime atlas, RenderPatches command, PatchRow[] patches, PatchDrawing drawing, IProgress<int> progress,
        CancellationToken cancellation)
    {
        var projection = new BackProjection(atlas.Runner, atlas.Layer(command.Layer));
        var checks = new List<PatchCheckRow>(patches.Length);
        var neurons = command.EndChannel - command.FirstChannel;
        for (var done = 0; done < patches.Length; done += projection.SamplesPerBatch)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = patches[done..Math.Min(patches.Length, done + projection.SamplesPerBatch)];
            var (crops, slots) = LoadedCrops.Load(atlas, [.. batch.Select(patch => patch.Image)]);
            for (var i = 0; i < batch.Length; i++)
                drawing.DrawPatch(batch[i], crops.AsSpan(slots[i] * atlas.Preprocessing.CropBytes, atlas.Preprocessing.CropBytes));
            if (atlas.Spec.Methods.HasFlag(AtlasMethods.Deconv))
                checks.AddRange(Project(atlas, projection, batch, crops, slots, drawing));
            progress.Report((int)((long)neurons * Math.Min(patches.Length, done + batch.Length) / patches.Length));
        }
        return checks;
    }

    private static IEnumerable<PatchCheckRow> Project(
        AtlasRuntime atlas, BackProjection projection, PatchRow[] batch, byte[] pixels, int[] slots, PatchDrawing drawing)
    {
        using var scope = torch.NewDisposeScope();
        var images = atlas.Upload(pixels, pixels.Length / atlas.Preprocessing.CropBytes);
        var sites = new Sites(slots, [.. batch.Select(patch => patch.Y)], [.. batch.Select(patch => patch.X)]);
        var result = projection.Run(images, sites, [.. batch.Select(patch => patch.Channel)]);
        var crops = new PixelBox[batch.Length];
        Parallel.For(0, batch.Length, i => crops[i] = drawing.DrawDeconvolution(batch[i], result, i));
        return [.. batch.Select((patch, i) => Check(patch, result.Activations[i], crops[i]))];
    }

    private static PatchCheckRow Check(PatchRow patch, float recomputed, PixelBox crop) => new(
        patch.Layer, patch.Channel, patch.Rank, recomputed,
        Mismatch: Math.Abs(recomputed - patch.Activation) > Tolerance * Math.Max(Math.Abs(patch.Activation), 1e-3))
    { Crop = crop };

    private async Task<IEnumerable<PictureRow>> StoreAsync(
        PictureTexts texts, RenderPatches command, string layer, string method, RgbImage?[] pictures, int[] channels, LayerTable table,
        IReadOnlyDictionary<int, string> materials, CancellationToken cancellation)
    {
        var rows = new PictureRow[channels.Length];
        var kind = method == PictureMethod.Top9 ? "top 9 patches" : "deconvolutions of the top 9 patches";
        await Parallel.ForEachAsync(Enumerable.Range(0, channels.Length), cancellation, async (i, stop) =>
        {
            var channel = channels[i];
            var picture = pictures[channel - command.FirstChannel];
            var key = picture is null ? null : AtlasKeys.Picture(command.AtlasId, layer, method, channel);
            if (key is not null)
                await store.PutAsync(key, texts.Encode(picture!, command.Layer, channel, kind), stop);
            rows[i] = new PictureRow
            {
                Layer = command.Layer,
                Channel = channel,
                Method = method,
                Key = key,
                Material = materials[channel],
                Parameters = (picture is not null ? PatchMosaic.Detect(picture) : new PatchMosaic(0, 0, 0)).ToJson(),
                Status = key is null ? PictureStatus.Dead : PictureStatus.Done,
                Activation = table.Neurons[channel].Images > 0 ? table.Neurons[channel].Max : null,
            };
        });
        return rows;
    }
}
