using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Import;

namespace VizPipeline.Tests.Network.Import;

/// <summary>Imported networks against recorded outputs of PyTorch: logits and every layer's per-channel maximum.</summary>
public class ParityTests
{
    [Theory]
    [InlineData("alexnet_small", null), InlineData("vgg11_small", null), InlineData("resnet18_small", null), InlineData(
        "squeezenet1_1", null)]
    [InlineData("squeezenet1_1", "squeezenet1_1.pth")]
    public void Every_layer_equals_the_recorded_one(string name, string? weights)
    {
        var reference = NpzFile.Read(TestData.Path("parity", name + ".npz"));
        var graph = NetworkLoader.Load(TestData.Path("parity", weights ?? name + ".onnx"));
        using var runner = new NetworkRunner(graph);
        var input = reference.Array("input");
        using var images = torch.tensor(input.ToFloats(), [.. input.Shape.Select(extent => (long)extent)]).ChannelsLast();

        var maxima = new Dictionary<string, float[]>();
        runner.Forward(images, [.. graph.Layers.Select(layer => layer.Node)], (node, value) =>
        {
            using var most = value.dim() == 4 ? value.amax([2, 3]) : value.alias();
            maxima[graph.Layers.First(layer => layer.Node == node).Name] = most.ToArray();
        });
        Close(reference.Array("logits").ToFloats(), maxima["logits"], "logits");

        var recorded = reference.Array("layers").ToStrings();
        var (ops, compared) = (reference.Array("layer_ops").ToStrings(), 0);
        for (var i = 0; i < recorded.Length; i++)
        {
            // Our layer is the convolution after its rectifier: the ReLU that runs next, unless a sum comes between.
            if (ops[i] != "Conv2d" || i + 1 == recorded.Length || ops[i + 1] != "ReLU" || recorded[i].Contains("conv2")
                || recorded[i].Contains("downsample"))
                continue;
            Close(reference.Array(recorded[i + 1] + ".max").ToFloats(), maxima[graph.Layer(recorded[i]).Name], recorded[i]);
            compared++;
        }
        Assert.True(compared >= 5, $"only {compared} layers compared");
    }

    [Fact]
    public void Residual_sums_are_layers_named_after_their_block()
    {
        var reference = NpzFile.Read(TestData.Path("parity", "resnet18_small.npz"));
        var graph = NetworkLoader.Load(TestData.Path("parity", "resnet18_small.onnx"));
        using var runner = new NetworkRunner(graph);
        using var images = torch.tensor(reference.Array("input").ToFloats(), [4, 3, 224, 224]);
        using var sum = runner.Forward(images, graph.Layer("layer1.0").Node);
        Close(reference.Array("layer1.0.relu#1.max").ToFloats(), sum.amax([2, 3]).ToArray(), "layer1.0");
    }

    [Fact]
    public void The_onnx_file_and_the_zoo_are_the_same_network_with_the_same_layer_names()
    {
        var onnx = NetworkLoader.Load(TestData.Path("parity", "squeezenet1_1.onnx"));
        var zoo = NetworkLoader.Load("squeezenet1_1", TestData.Path("parity", "squeezenet1_1.pth"));
        Assert.Equal(zoo.Layers.Select(layer => (layer.Name, layer.Shape, layer.Field)), onnx.Layers.Select(
            layer => (layer.Name, layer.Shape, layer.Field)));
        var darknet = NetworkLoader.Load(TestData.Path("tiny-darknet", "tiny-darknet.onnx"));
        Assert.Equal([.. Enumerable.Range(1, 16).Select(i => $"conv{i}"), "logits"], darknet.Layers.Select(layer => layer.Name));
    }

    private static void Close(float[] expected, float[] actual, string what)
    {
        var scale = expected.Max(Math.Abs);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-5 * scale, $"{what} at {i}: {expected[i]} and {actual[i]}");
    }
}
