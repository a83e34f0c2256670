using TorchSharp;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;

namespace VizPipeline.Benchmarks;

/// <summary>Deconvolution and ascent on regions against the same on whole maps. The rates stand beside those of other programs.</summary>
internal static class MethodBenchmarks
{
    private const string LayerName = "conv8";
    private const int Neurons = 64;

    public static void Deconvolution(Bench bench)
    {
        var layer = bench.Graph.Layer(LayerName);
        var images = Images(bench, 32);
        var (regions, whole) = (new BackProjection(bench.Runner, layer), new BackProjection(bench.Runner, layer, wholeFrom: 0));
        void Run(BackProjection projection, int samples)
        {
            for (var first = 0; first < samples; first += projection.SamplesPerBatch)
            {
                var count = Math.Min(projection.SamplesPerBatch, samples - first);
                int[] Numbers(int modulus) => [.. Enumerable.Range(first, count).Select(i => i * 7 % modulus)];
                projection.Run(
                    images, new Sites(Numbers(32), Numbers(layer.Shape.Height), Numbers(layer.Shape.Width)), Numbers(layer.Neurons));
            }
        }
        Bench.Compare(
            $"deconvolution of {LayerName}, whole maps", () => Run(whole, 96), 96,
            $"deconvolution of {LayerName}, regions", () => Run(regions, Neurons * 9), Neurons * 9, "deconvolutions/s", 5);
    }

    public static void Ascent(Bench bench)
    {
        var layer = bench.Graph.Layer(LayerName);
        var pixels = PixelScales.Create(bench.Preprocessing);
        foreach (var preset in AscentPresets.Numbers)
        {
            var recipe = AscentPresets.Normalised(preset, 100);
            var (alone, together) = (new AscentRun(bench.Runner, layer, recipe, pixels), new AscentRun(
                bench.Runner, layer, recipe, pixels));
            Bench.Compare(
                $"preset {preset}, 100 steps, one neuron at a time", () => alone.Ascend([0], 0), 1,
                $"preset {preset}, 100 steps, {Neurons} neurons at once", () => together.Ascend([.. Enumerable.Range(0, Neurons)], 0),
                Neurons, "neurons/s", 3);
        }
    }

    private static torch.Tensor Images(Bench bench, int count)
    {
        var crops = Enumerable.Range(0, count).SelectMany(i => bench.Cached.Get(i).Crop!).ToArray();
        return ImageTensor.Create(crops, count, bench.Preprocessing, bench.Runner.Device);
    }
}
