using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;

namespace VizPipeline.Worker.Jobs;

/// <summary>Inputs that recipes take from an atlas: the means of top patches, and the spectrum of the images.</summary>
internal static class AscentMaterials
{
    // The mean of 256 images is smooth; more would cost time on every worker.
    private const int SpectrumImages = 256;
    private const int SpectrumBatch = 32;

    /// <summary>Returns the mean top patch of each neuron in a range, prepared for <paramref name="run"/>.</summary>
    public static Dictionary<int, float[]?> TopPatches(AtlasRuntime atlas, LayerTable table, AscentRun run, int first, int end)
    {
        using var scope = torch.NewDisposeScope();
        var (pixels, input) = (PixelScales.Create(atlas.Preprocessing), atlas.Runner.Graph.InputShape);
        var patches = table.Patches.Where(patch => patch.Channel >= first && patch.Channel < end).ToLookup(patch => patch.Channel);
        return Enumerable.Range(first, end - first).ToDictionary(neuron => neuron, neuron => TopPatchMean.Compute(
            run, patches[neuron].OrderBy(patch => patch.Rank).Select(patch => (Planes(atlas, patch.Image), patch.Y, patch.X))
                .Where(patch => patch.Item1 is not null).Select(patch => (patch.Item1!, patch.Y, patch.X)),
            input, pixels.Mean));
    }

    /// <summary>
    /// Returns the mean magnitude spectrum of images spaced evenly over the set, so that every worker gets the same result; null if there
    /// are no images.
    /// </summary>
    public static NaturalSpectrum? Spectrum(AtlasRuntime atlas)
    {
        var count = atlas.Images.Images.Count;
        var chosen = Enumerable.Range(0, Math.Min(count, SpectrumImages))
            .Select(i => (int)((long)i * count / Math.Min(count, SpectrumImages)));
        return NaturalSpectrum.Measure(
            chosen.Chunk(SpectrumBatch).Select(batch => Batch(atlas, batch)).OfType<torch.Tensor>(),
            PixelScales.Create(atlas.Preprocessing));
    }

    private static torch.Tensor? Batch(AtlasRuntime atlas, int[] images)
    {
        var planes = images.Select(image => atlas.Crops.Get(image).Crop).OfType<byte[]>().ToArray();
        return planes.Length == 0 ? null : Pixels(atlas, planes);
    }

    private static float[]? Planes(AtlasRuntime atlas, int image)
    {
        return atlas.Crops.Get(image).Crop is { } crop ? Planes(atlas, crop) : null;
    }

    /// <summary>Returns a crop as planes [C, H, W] in 0-255, in the network's channel order.</summary>
    public static float[] Planes(AtlasRuntime atlas, byte[] crop)
    {
        using var scope = torch.NewDisposeScope();
        using var flat = Pixels(atlas, crop).contiguous();
        return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
    }

    // [N, C, H, W] in 0-255, in the network's channel order; reverses the preprocessing.
    private static torch.Tensor Pixels(AtlasRuntime atlas, params byte[][] crops)
    {
        using var scope = torch.NewDisposeScope();
        return PixelScales.Unscale(atlas.Upload(crops.SelectMany(crop => crop).ToArray(), crops.Length).cpu(), PixelScales.Create(
            atlas.Preprocessing)).MoveToOuterDisposeScope();
    }
}
