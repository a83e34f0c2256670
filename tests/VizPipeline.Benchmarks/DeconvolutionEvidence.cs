using System.Globalization;
using VizPipeline.Images;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;

namespace VizPipeline.Benchmarks;

/// <summary>How well deconvolutions can be read, by the share of nonzero values that sets their scale.</summary>
internal static class DeconvolutionEvidence
{
    // A pixel is visible if a channel differs from mid-grey by more than this, of 255.
    private const int Visible = 16;
    private const int Neurons = 12;
    private static readonly double[] Shares = [1, 0.999, 0.997, 0.995, 0.99, 0.98, 0.95];

    /// <summary>
    /// Back-projects some neurons of each layer from their strongest position in an image, and prints, for each share, the mean over the
    /// pictures of the visible pixels and of the values beyond the scale, in percent.
    /// </summary>
    public static void Measure(string model, string preprocess, string images)
    {
        var graph = NetworkLoader.Load(model);
        using var runner = new NetworkRunner(graph);
        var preprocessing = Preprocessing.Load(preprocess, graph.InputShape.Height, graph.InputShape.Width);
        var crops = new CropSource(ImageManifest.Build(images), images, preprocessing);
        var taken = Enumerable.Range(0, Math.Min(Neurons, crops.Manifest.Entries.Count)).Select(i => crops.Get(i).Crop!).ToArray();
        Console.WriteLine($"{graph.Name}: visible pixels | values beyond the scale, percent, for shares {string.Join(", ", Shares)}");
        var (all, pictures) = (new (double Visible, double Beyond)[Shares.Length], 0);
        foreach (var layer in graph.Layers.Where(layer => layer.Kind != LayerKind.Output))
        {
            var sums = new (double Visible, double Beyond)[Shares.Length];
            var drawn = 0;
            for (var i = 0; i < taken.Length; i++)
            {
                using var input = ImageTensor.Create(taken[i], 1, preprocessing, runner.Device);
                var neuron = (int)((long)i * layer.Neurons / taken.Length);
                var map = Map(runner, layer, input, neuron);
                var (y, x) = Math.DivRem(map.AsSpan().IndexOf(map.Max()), layer.Shape.Width);
                if (map.Max() <= 0)
                    continue;
                var result = new BackProjection(runner, layer).Run(input, new Sites([0], [y], [x]), [neuron]);
                var box = layer.Field.At(y, x).Clip(graph.InputShape.Height, graph.InputShape.Width);
                if (box.Width < 1 || box.Height < 1)
                    continue;
                var signal = PixelScales.ToRgb(result.Cut(0, box), preprocessing);
                for (var share = 0; share < Shares.Length; share++)
                {
                    var scale = SignedDisplay.ShownMagnitude(signal, Shares[share]);
                    var picture = SignedDisplay.Render(signal, box.Width, box.Height, Shares[share]);
                    var visible = Enumerable.Range(0, box.Width * box.Height)
                        .Count(pixel => Enumerable.Range(0, 3).Any(c => Math.Abs(picture.Pixels[(pixel * 3) + c] - 128) > Visible));
                    sums[share].Visible += 100.0 * visible / (box.Width * box.Height);
                    sums[share].Beyond += 100.0 * signal.Count(value => Math.Abs(value) > scale) / signal.Length;
                }
                drawn++;
            }
            if (drawn == 0)
                continue;
            for (var share = 0; share < Shares.Length; share++)
                all[share] = (all[share].Visible + sums[share].Visible, all[share].Beyond + sums[share].Beyond);
            pictures += drawn;
            Print(layer.Name, sums, drawn);
        }
        Print("all", all, pictures);
    }

    private static float[] Map(NetworkRunner runner, Layer layer, TorchSharp.torch.Tensor input, int neuron)
    {
        var area = layer.Shape.Height * layer.Shape.Width;
        float[] map = [];
        runner.Forward(
            input, [layer.Node],
            (_, value) => map = value.to(TorchSharp.torch.CPU).contiguous().data<float>().ToArray().AsSpan(neuron * area, area).ToArray());
        return map;
    }

    private static void Print(string name, (double Visible, double Beyond)[] sums, int count) =>
        Console.WriteLine($"  {name,-28} " + string.Join("  ", sums.Select(
            sum => string.Create(CultureInfo.InvariantCulture, $"{sum.Visible / count,5:0.0} | {sum.Beyond / count,4:0.00}"))));
}
