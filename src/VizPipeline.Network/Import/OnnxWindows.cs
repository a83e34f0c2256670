using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import;

/// <summary>Kernel, stride, padding and dilation of ONNX's convolutions and pools.</summary>
internal static class OnnxWindows
{
    public static Convolution Convolution(OnnxNode node, string name, Shape input, FloatTensor weight, FloatTensor? bias)
    {
        if (weight.Shape.Length != 4)
            throw new OperatorNotSupportedException(name, "Conv", $"a weight of {weight.Shape.Length} dimensions");
        var window = Read(node, name, input, [weight.Shape[2], weight.Shape[3]]);
        var groups = node.GetInt("group", 1);
        return groups is > 0 and <= int.MaxValue ? new Convolution(weight, bias, window, (int)groups) : throw new GraphException(name, $"{groups} groups make no convolution");
    }

    public static Window Pool(OnnxNode node, string name, Shape input)
    {
        if (node.GetInt("storage_order", 0) != 0)
            throw new OperatorNotSupportedException(name, node.OpType, "column-major indices");
        return Read(node, name, input, null);
    }

    private static Window Read(OnnxNode node, string name, Shape input, int[]? weightKernel)
    {
        var kernel = Pair(node, name, "kernel_shape") ?? weightKernel ?? throw new GraphException(name, $"{node.OpType} lacks kernel_shape");
        var (strides, dilations) = (Pair(node, name, "strides") ?? [1, 1], Pair(node, name, "dilations") ?? [1, 1]);
        var pads = Ints(node, name, "pads", 4) ?? [0, 0, 0, 0];
        var ceil = node.GetInt("ceil_mode", 0) != 0;
        var auto = node.GetText("auto_pad", "NOTSET");
        return new Window(Axis(0, input.Height), Axis(1, input.Width));

        WindowAxis Axis(int i, int extent)
        {
            var axis = new WindowAxis(kernel[i], strides[i], pads[i], pads[i + 2], dilations[i], ceil);
            return auto switch
            {
                "NOTSET" or "" => axis,
                "VALID" => axis with { PadBefore = 0, PadAfter = 0 },
                "SAME_UPPER" or "SAME_LOWER" => Same(axis, extent, upper: auto == "SAME_UPPER"),
                _ => throw new OperatorNotSupportedException(name, node.OpType, $"auto_pad {auto}"),
            };
        }
    }

    // Output extent ceil(input / stride); an odd remainder goes to the end (UPPER) or to the beginning (LOWER).
    private static WindowAxis Same(WindowAxis axis, int extent, bool upper)
    {
        if (axis.Stride < 1)
            return axis;
        var output = (extent + axis.Stride - 1) / axis.Stride;
        var total = Math.Max(0, ((output - 1) * axis.Stride) + axis.Span - extent);
        var small = total / 2;
        return upper ? axis with { PadBefore = small, PadAfter = total - small } : axis with { PadBefore = total - small, PadAfter = small };
    }

    private static int[]? Pair(OnnxNode node, string name, string attribute) => Ints(node, name, attribute, 2);

    private static int[]? Ints(OnnxNode node, string name, string attribute, int count)
    {
        if (node.GetInts(attribute) is not { } values)
            return null;
        return values.Count == count && values.All(value => value is >= 0 and <= 1 << 20)
            ? [.. values.Select(value => (int)value)] : throw new GraphException(name, $"{attribute} [{string.Join(", ", values)}] makes no 2-D window");
    }
}
