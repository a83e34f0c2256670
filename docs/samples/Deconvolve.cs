using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Deconvolution;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;

namespace VizPipeline.Samples;

/// <summary>
/// Lists a network's layers and draws what one neuron saw in an image. Needs the packages VizPipeline.Methods and libtorch-cpu-linux-x64.
/// </summary>
public static class Deconvolve
{
    /// <summary>Writes the deconvolution of channel <paramref name="channel"/> at the centre of a layer's map as a PNG file.</summary>
    public static void Run(string model, string image, string layerName, int channel, string output, TextWriter log)
    {
        var graph = NetworkLoader.Load(model);
        foreach (var layer in graph.Layers)
            log.WriteLine($"{layer.Name}: {layer.Kind}, {layer.Shape}, sees {layer.Field.X.Size} pixels every {layer.Field.X.Stride}");

        var (shape, observed) = (graph.InputShape, graph.Layer(layerName));
        var preprocessing = Preprocessing.Load(Preprocessing.FindBeside(model) ?? "imagenet", shape.Height, shape.Width);
        // Starts libtorch, so it comes before everything that uses TorchSharp itself.
        using var runner = new NetworkRunner(graph);
        using var scope = torch.NewDisposeScope();
        var input = ImageTensor.Create(preprocessing.CropOf(File.ReadAllBytes(image), image), 1, preprocessing, runner.Device);
        var back = new BackProjection(runner, observed);
        var result = back.Run(input, Sites.Same(1, observed.Shape.Height / 2, observed.Shape.Width / 2), [channel]);
        log.WriteLine($"activation {result.Activations[0]}");
        File.WriteAllBytes(output, Png.Encode(SignedDisplay.Render(result.Signals, result.Width, result.Height)));
    }
}
