using System.Runtime.InteropServices;
using VizPipeline.Network.Formats;
using VizPipeline.Sample.Pictures;
using VizPipeline.Sample.Training;

namespace VizPipeline.Sample.Model;

/// <summary>
/// Writes the trained sample network as ONNX, opset 13: from <c>input</c> [batch, 3, side, side] to <c>logits</c> [batch, classes]. The
/// numbers in the code are the field numbers of onnx.proto3.
/// </summary>
internal static class OnnxWriter
{
    private const int Float = 1;

    public static byte[] Write(IReadOnlyList<FloatTensor> weights)
    {
        var graph = new OnnxMessage();
        foreach (var node in Nodes())
            graph.Nested(1, node);
        graph.Text(2, "viz-sample");
        foreach (var tensor in weights)
            graph.Nested(5, Initializer(tensor));
        graph.Nested(11, Value("input", 3, PictureGenerator.Side, PictureGenerator.Side));
        graph.Nested(12, Value("logits", SampleArchitecture.Classes));
        return new OnnxMessage()
            .Number(1, 7)
            .Text(2, "VizPipeline")
            .Nested(7, graph)
            .Nested(8, new OnnxMessage().Text(1, "").Number(2, 13))
            .ToArray();
    }

    private static IEnumerable<OnnxMessage> Nodes()
    {
        var signal = "input";
        foreach (var (stage, number) in SampleArchitecture.Stages.Select((stage, index) => (stage, index + 1)))
        {
            yield return Node("Conv", stage.Name, [signal, $"{stage.Name}.weight", $"{stage.Name}.bias"], stage.Name)
                .Nested(5, Integers("kernel_shape", stage.Kernel, stage.Kernel))
                .Nested(5, Integers("strides", stage.Stride, stage.Stride))
                .Nested(5, Integers("pads", stage.Padding, stage.Padding, stage.Padding, stage.Padding));
            yield return Node("Relu", $"relu{number}", [stage.Name], $"relu{number}");
            signal = $"relu{number}";
            if (!stage.Pooled)
                continue;
            const int Pad = SampleArchitecture.PoolPadding;
            yield return Node("MaxPool", $"pool{number}", [signal], $"pool{number}")
                .Nested(5, Integers("kernel_shape", SampleArchitecture.PoolKernel, SampleArchitecture.PoolKernel))
                .Nested(5, Integers("strides", SampleArchitecture.PoolStride, SampleArchitecture.PoolStride))
                .Nested(5, Integers("pads", Pad, Pad, Pad, Pad));
            signal = $"pool{number}";
        }
        yield return Node("GlobalAveragePool", "average", [signal], "average");
        yield return Node("Flatten", "flatten", ["average"], "flatten").Nested(5, Integer("axis", 1));
        yield return Node("Gemm", "fc", ["flatten", "fc.weight", "fc.bias"], "logits").Nested(5, Integer("transB", 1));
    }

    private static OnnxMessage Node(string operation, string name, string[] inputs, string output)
    {
        var node = new OnnxMessage();
        foreach (var input in inputs)
            node.Text(1, input);
        return node.Text(2, output).Text(3, name).Text(4, operation);
    }

    private static OnnxMessage Integer(string name, long value) => new OnnxMessage().Text(1, name).Number(3, value).Number(20, 2);

    private static OnnxMessage Integers(string name, params ReadOnlySpan<long> values)
        => new OnnxMessage().Text(1, name).Numbers(8, values).Number(20, 7);

    private static OnnxMessage Initializer(FloatTensor tensor)
        => new OnnxMessage()
            .Numbers(1, [.. tensor.Shape.Select(extent => (long)extent)])
            .Number(2, Float)
            .Text(8, tensor.Name)
            .Bytes(9, MemoryMarshal.AsBytes<float>(tensor.Values));

    private static OnnxMessage Value(string name, params ReadOnlySpan<long> extents)
    {
        var shape = new OnnxMessage().Nested(1, new OnnxMessage().Text(2, "batch"));
        foreach (var extent in extents)
            shape.Nested(1, new OnnxMessage().Number(1, extent));
        return new OnnxMessage().Text(1, name).Nested(2, new OnnxMessage().Nested(1, new OnnxMessage().Number(1, Float).Nested(2, shape)));
    }
}
