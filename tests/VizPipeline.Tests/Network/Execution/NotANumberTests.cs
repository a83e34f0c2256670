using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Network.Formats;
using VizPipeline.Tests.Network.Formats.Onnx;

namespace VizPipeline.Tests.Network.Execution;

/// <summary>Networks whose values overflow run to their end: what comes out are no numbers, and no errors.</summary>
public sealed class NotANumberTests
{
    [Fact]
    public void A_nonlinearity_in_place_survives_values_that_are_no_numbers()
    {
        float[] weight = [1, float.NaN];
        var graph = OnnxModels.Graph(
                OnnxModels.Node("Conv", ["x", "w"], ["c"]), OnnxModels.Node("Relu", ["c"], ["r"]),
                OnnxModels.Node("GlobalMaxPool", ["r"], ["y"]))
            .Message(5, OnnxModels.Tensor("w", OnnxModels.Float, 2, 1, 1, 1).Bytes(9, MemoryMarshal.AsBytes(weight.AsSpan()).ToArray()))
            .Message(11, OnnxModels.Value("x", 1, 1, 3, 3)).Message(12, OnnxModels.Value("y", 1, 2, 1, 1));
        using var folder = new TempFolder();
        using var runner = new NetworkRunner(NetworkLoader.Load(folder.Write("nan.onnx", OnnxModels.Model(graph))));
        using var images = torch.ones([1, 1, 3, 3]);
        using var values = runner.Forward(images, runner.Graph.Nodes.Count - 1);
        Assert.Equal([1, float.NaN], values.data<float>().ToArray());
    }
}
