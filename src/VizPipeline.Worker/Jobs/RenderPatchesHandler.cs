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
        var name = atlas.Spec.Layers[command.Layer].Name;
        var table = VizJson.Read<LayerTable>(await store.GetAsync(AtlasKeys.LayerTable(command.AtlasId, name), cancellation));
        PatchRow[] patches = [.. table.Patches.Where(
            patch => patch.Channel >= command.FirstChannel && patch.Channel < command.EndChannel).OrderBy(patch => patch.Image)];
        var drawing = new PatchDrawing(atlas, command.Layer, command.FirstChannel, command.EndChannel);
        var checks = Draw(atlas, command, patches, drawing, progress, cancellation);

        var pictures = new List<PictureRow>();
        if (atlas.Spec.Methods.HasFlag(AtlasMethods.Top9))
            pictures.AddRange(await StoreAsync(command, name, PictureMethod.Top9, drawing.Patches, table, cancellation));
        if (atlas.Spec.Methods.HasFlag(AtlasMethods.Deconv))
            pictures.AddRange(await StoreAsync(command, name, PictureMethod.Deconv, drawing.Deconvolutions, table, cancellation));
        return VizJson.Write(
            new PictureTable(command.Layer, pictures, [.. checks.OrderBy(check => check.Channel).ThenBy(check => check.Rank)]));
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
            var (crops, slots) = Load(atlas, batch);
            for (var i = 0; i < batch.Length; i++)
                drawing.DrawPatch(batch[i], crops.AsSpan(slots[i] * atlas.Preprocessing.CropBytes, atlas.Preprocessing.CropBytes));
            if (atlas.Spec.Methods.HasFlag(AtlasMethods.Deconv))
                checks.AddRange(Project(atlas, projection, batch, crops, slots, drawing));
            progress.Report((int)((long)neurons * Math.Min(patches.Length, done + batch.Length) / patches.Length));
        }
        return checks;
    }

    /// <summary>Loads each image of the batch once and maps every patch to its image.</summary>
    private static (byte[] Crops, int[] Slots) Load(AtlasRuntime atlas, PatchRow[] batch)
    {
        var images = batch.Select(patch => patch.Image).Distinct().ToArray();
        var slot = images.Select((image, i) => (image, i)).ToDictionary(pair => pair.image, pair => pair.i);
        var crops = new byte[images.Length * atlas.Preprocessing.CropBytes];
        Parallel.For(0, images.Length, i =>
        {
            var result = atlas.Crops.Get(images[i]);
            if (result.Crop is null)
                throw new UnreadableImageException(
                    atlas.Images.Images[images[i]].Path,
                    $"{result.Unreadable}, but it could be read when the image set was searched: put it back and retry");
            result.Crop.CopyTo(crops.AsSpan(i * atlas.Preprocessing.CropBytes));
        });
        return (crops, [.. batch.Select(patch => slot[patch.Image])]);
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
        RenderPatches command, string layer, string method, RgbImage?[] pictures, LayerTable table, CancellationToken cancellation)
    {
        var rows = new PictureRow[pictures.Length];
        await Parallel.ForEachAsync(Enumerable.Range(0, pictures.Length), cancellation, async (i, stop) =>
        {
            var channel = command.FirstChannel + i;
            var key = pictures[i] is null ? null : AtlasKeys.Picture(command.AtlasId, layer, method, channel);
            if (key is not null)
                await store.PutAsync(key, Png.Encode(pictures[i]!), stop);
            rows[i] = new PictureRow
            {
                Layer = command.Layer,
                Channel = channel,
                Method = method,
                Key = key,
                Parameters = (pictures[i] is { } picture ? PatchMosaic.Detect(picture) : new PatchMosaic(0, 0, 0)).ToJson(),
                Status = key is null || table.Neurons[channel].Max <= 0 ? PictureStatus.Dead : PictureStatus.Done,
                Activation = table.Neurons[channel].Images > 0 ? table.Neurons[channel].Max : null,
            };
        });
        return rows;
    }
}
