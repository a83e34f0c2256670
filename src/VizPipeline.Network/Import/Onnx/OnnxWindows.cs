using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Kernel, stride, padding and dilation of ONNX's convolutions and pools.</summary>
internal static class OnnxWindows
{
    public static Convolution Convolution(OnnxNode node, string name, Shape input, FloatTensor weight, FloatTensor? bias)
    {
        if (weight.Shape.Length != 4)
            throw new OperatorNotSupportedException(name, "Conv", $"a weight of {weight.Shape.Length} dimensions");
        var window = Read(node, name, input, [weight.Shape[2], weight.Shape[3]]);
        var groups = node.GetInt("group", 1);
        return groups is > 0 and <= int.MaxValue
            ? new Convolution(weight, bias, window, (int)groups)
            : throw new GraphException(name, $"the number of groups is {groups}; it must be positive");
    }

    public static ConvolutionTranspose ConvolutionTranspose(OnnxNode node, string name, Shape input, FloatTensor weight, FloatTensor? bias)
    {
        if (weight.Shape.Length != 4)
            throw new OperatorNotSupportedException(name, "ConvTranspose", $"a weight of {weight.Shape.Length} dimensions");
        var window = Read(node, name, null, [weight.Shape[2], weight.Shape[3]]);
        var extra = Pair(node, name, "output_padding") ?? [0, 0];
        var (groups, sizes, auto) = (node.GetInt("group", 1), node.GetInts("output_shape"), node.GetText("auto_pad", "NOTSET"));
        if (groups is < 1 or > int.MaxValue)
            throw new GraphException(name, $"the number of groups is {groups}; it must be positive");
        if (sizes is not null && (sizes.Count is not (2 or 4) || sizes.Any(size => size is < 1 or > 1 << 20)))
            throw new GraphException(name, $"output_shape [{string.Join(", ", sizes)}] is not the shape of a map");
        var (y, extraY) = Along(window.Y, input.Height, extra[0], (int?)sizes?[^2]);
        var (x, extraX) = Along(window.X, input.Width, extra[1], (int?)sizes?[^1]);
        return new ConvolutionTranspose(weight, bias, new Window(y, x), extraY, extraX, (int)groups);

        // Computes the padding from the wanted extent; by default (SAME) that is the input's extent times the stride.
        (WindowAxis Axis, int Extra) Along(WindowAxis axis, int from, int more, int? wanted)
        {
            if (wanted is null && auto is not ("SAME_UPPER" or "SAME_LOWER"))
                return (axis, more);
            var total = ((long)axis.Stride * (from - 1)) + more + axis.Span - (wanted ?? (long)from * axis.Stride);
            if (total > 1 << 20 || -total > 1 << 20)
                throw new GraphException(name, $"its output extent of {wanted} is out of proportion to its input extent of {from}");
            var small = (int)Math.Max(0, total) / 2;
            var large = (int)Math.Max(0, total) - small;
            var (before, after) = auto == "SAME_UPPER" ? (small, large) : (large, small);
            // As in ONNX Runtime, a kernel shorter than its stride yields less than the default extent; an explicit extent is padded to
            // size.
            return (axis with { PadBefore = before, PadAfter = after }, more + (wanted is null ? 0 : (int)Math.Max(0, -total)));
        }
    }

    public static Window Pool(OnnxNode node, string name, Shape input)
    {
        if (node.GetInt("storage_order", 0) != 0)
            throw new OperatorNotSupportedException(name, node.OpType, "column-major indices");
        var window = Read(node, name, input, null);
        return new Window(Within(window.Y, input.Height), Within(window.X, input.Width));
    }

    // A pool whose only window reaches beyond the map, as exporters write a pool over the whole of a larger image.
    private static WindowAxis Within(WindowAxis axis, int extent)
        => axis is { Ceil: true, Dilation: 1, PadBefore: 0, PadAfter: 0 } && axis.Kernel > extent && axis.Kernel - extent < axis.Stride
            ? axis with { Kernel = extent } : axis;

    private static Window Read(OnnxNode node, string name, Shape? input, int[]? weightKernel)
    {
        var kernel = Pair(node, name, "kernel_shape")
            ?? weightKernel ?? throw new GraphException(name, $"{node.OpType} lacks kernel_shape");
        var (strides, dilations) = (Pair(node, name, "strides") ?? [1, 1], Pair(node, name, "dilations") ?? [1, 1]);
        var pads = Ints(node, name, "pads", 4) ?? [0, 0, 0, 0];
        var ceil = node.GetInt("ceil_mode", 0) != 0;
        var auto = node.GetText("auto_pad", "NOTSET");
        return new Window(Axis(0, input?.Height), Axis(1, input?.Width));

        WindowAxis Axis(int i, int? extent)
        {
            var axis = new WindowAxis(kernel[i], strides[i], pads[i], pads[i + 2], dilations[i], ceil);
            if (axis.LongSpan > 1 << 20 || axis.Kernel < 1 || axis.Stride < 1 || axis.Dilation < 1)
            {
                throw new GraphException(
                    name, $"kernel {axis.Kernel}, stride {axis.Stride} and dilation {axis.Dilation} do not form a valid window");
            }
            return auto switch
            {
                "NOTSET" or "" => axis,
                "VALID" => axis with { PadBefore = 0, PadAfter = 0 },
                "SAME_UPPER" or "SAME_LOWER" => extent is { } from ? Same(axis, from, upper: auto == "SAME_UPPER") : axis,
                _ => throw new OperatorNotSupportedException(name, node.OpType, $"auto_pad {auto}"),
            };
        }
    }

    // Output extent ceil(input / stride). An odd remainder goes to the end (UPPER) or to the beginning (LOWER).
    private static WindowAxis Same(WindowAxis axis, int extent, bool upper)
    {
        var output = (extent + axis.Stride - 1) / axis.Stride;
        var total = Math.Max(0, (int)Math.Min(int.MaxValue, ((output - 1L) * axis.Stride) + axis.Span - extent));
        var small = total / 2;
        return upper
            ? axis with { PadBefore = small, PadAfter = total - small } : axis with { PadBefore = total - small, PadAfter = small };
    }

    private static int[]? Pair(OnnxNode node, string name, string attribute) => Ints(node, name, attribute, 2);

    private static int[]? Ints(OnnxNode node, string name, string attribute, int count)
    {
        if (node.GetInts(attribute) is not { } values)
            return null;
        return values.Count == count && values.All(value => value is >= 0 and <= 1 << 20)
            ? [.. values.Select(value => (int)value)]
            : throw new GraphException(name, $"{attribute} [{string.Join(", ", values)}] does not describe a 2-D window");
    }
}
