using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Network.Formats;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Runs a model here and in ONNX Runtime, an independent implementation, and compares.</summary>
internal static class OnnxParity
{
    public const double Tolerance = 1e-5;

    /// <summary>Compares the output for random images and returns the network.</summary>
    public static NetworkGraph Check(OnnxModel model, string output, double tolerance = Tolerance, Func<float[], float[]>? reorder = null)
    {
        var bytes = model.Write(output);
        var graph = Load(bytes);
        var image = model.Image();
        var expected = Reference(bytes, image, model.InputShape);
        var actual = Run(graph, image, model.InputShape);
        Close(expected, reorder is null ? actual : reorder(actual), tolerance);
        return graph;
    }

    public static NetworkGraph Load(byte[] model, (int Height, int Width)? size = null)
    {
        using var folder = new TempFolder();
        return NetworkLoader.Load(folder.Write("model.onnx", model), null, size);
    }

    public static float[] Reference(byte[] model, float[] image, int[] shape)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            IntraOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        using var session = new InferenceSession(model, options);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(OnnxModel.Input, new DenseTensor<float>(image, shape))]);
        return [.. results[0].AsTensor<float>()];
    }

    /// <summary>Returns the values of a node; of the output without one.</summary>
    public static float[] Run(NetworkGraph graph, float[] image, int[] shape, int? node = null)
    {
        using var runner = new NetworkRunner(graph);
        using var images = torch.tensor(image, [.. shape.Select(extent => (long)extent)]);
        var isLast = (graph.InputShape.Channels, graph.InputShape.Height, graph.InputShape.Width) != (shape[1], shape[2], shape[3]);
        using var ordered = isLast ? images.permute(0, 3, 1, 2) : images.alias();
        using var output = runner.Forward(ordered.ChannelsLast(), node ?? graph.Output);
        return output.ToArray();
    }

    public static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs) + 1e-6;
        for (var i = 0; i < expected.Length; i++)
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * scale,
                $"{expected[i]} and {actual[i]} at {i} of {expected.Length} (scale {scale})");
    }
}
