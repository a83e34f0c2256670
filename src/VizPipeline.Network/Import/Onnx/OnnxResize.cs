using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>One axis of a Resize: its old and new extent and the scale between them.</summary>
internal sealed record ScaledAxis(int From, int To, float Scale);

/// <summary>Resize and Upsample. They are separable and linear, so each axis is a product with a matrix.</summary>
internal static class OnnxResize
{
    private const int LargestExtent = 1 << 16;

    /// <summary>Returns the change of each axis; null for axes that stay.</summary>
    public static ScaledAxis?[] Read(OnnxNode node, long opset, int[] shape, Func<int, OnnxConstant?> constant)
    {
        var isOld = node.OpType == "Upsample" || opset < 11;
        var scales = node.GetFloats("scales")?.ToArray() ?? constant(isOld ? 1 : 2)?.Floats?.Values;
        var sizes = isOld ? null : constant(3)?.Longs;
        if (node.GetText("keep_aspect_ratio_policy", "stretch") != "stretch")
            throw new OperatorNotSupportedException(node.Name, node.OpType, "keep_aspect_ratio_policy");
        int[]? axes = node.GetInts("axes") is { } named ? OnnxShapes.Axes(named, shape.Length) : [.. Enumerable.Range(0, shape.Length)];
        var count = scales is { Length: > 0 } ? scales.Length : sizes?.Length;
        if (axes is null || count != axes.Length)
            throw new GraphException(node.Name, $"its scales or sizes do not match the {shape.Length} axes of its input");
        var result = new ScaledAxis?[shape.Length];
        for (var i = 0; i < axes.Length; i++)
        {
            var from = shape[axes[i]];
            var scale = scales is { Length: > 0 } ? scales[i] : (float)sizes![i] / from;
            var to = scales is { Length: > 0 } ? (double)MathF.Floor(from * scale) : sizes![i];
            if (!(scale > 0) || !(to is >= 1 and <= LargestExtent))
                throw new GraphException(node.Name, $"cannot resize an extent of {from} by {scale}");
            if (to != from || scale != 1)
                result[axes[i]] = new ScaledAxis(from, (int)to, scale);
        }
        return result;
    }

    /// <summary>Computes the matrix [to, from] of an axis.</summary>
    public static FloatTensor Matrix(OnnxNode node, ScaledAxis axis, Action<long> spend)
    {
        var count = (long)axis.From * axis.To;
        spend(count);
        if (count > Array.MaxLength)
            throw new GraphException(node.Name, $"the matrix that resizes an extent of {axis.From} to {axis.To} is too large");
        var values = new float[count];
        var isOld = node.OpType == "Upsample" || !node.Has("coordinate_transformation_mode") && node.Inputs.Count == 2;
        var (mode, coordinates) = (node.GetText(
            "mode", "nearest"), node.GetText("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel"));
        if (node.GetInt("antialias", 0) != 0 && axis.Scale < 1)
            throw new OperatorNotSupportedException(node.Name, node.OpType, "antialias");
        for (var i = 0; i < axis.To; i++)
        {
            var row = values.AsSpan(i * axis.From, axis.From);
            var x = Coordinate(node, coordinates, axis, i);
            switch (mode)
            {
                case "nearest":
                    var rounding = node.GetText("nearest_mode", isOld ? axis.Scale < 1 ? "ceil" : "floor" : "round_prefer_floor");
                    row[Math.Clamp(Nearest(node, rounding, x), 0, axis.From - 1)] = 1;
                    break;
                case "linear" or "bilinear":
                    Linear(row, x);
                    break;
                case "cubic":
                    Cubic(row, x, node.GetFloat("cubic_coeff_a", -0.75f), node.GetInt("exclude_outside", 0) != 0);
                    break;
                default:
                    throw new OperatorNotSupportedException(node.Name, node.OpType, $"mode {mode}");
            }
        }
        return new FloatTensor($"{node.Name}.{axis.From}->{axis.To}", [axis.To, axis.From], values);
    }

    private static float Coordinate(OnnxNode node, string mode, ScaledAxis axis, int i) => mode switch
    {
        "half_pixel" => ((i + 0.5f) / axis.Scale) - 0.5f,
        "pytorch_half_pixel" => axis.To > 1 ? ((i + 0.5f) / axis.Scale) - 0.5f : 0,
        "half_pixel_symmetric" => (axis.From / 2f * (1 - (axis.To / (axis.Scale * axis.From)))) + ((i + 0.5f) / axis.Scale) - 0.5f,
        "align_corners" => axis.To > 1 ? (float)i * (axis.From - 1) / (axis.To - 1) : 0,
        "asymmetric" => i / axis.Scale,
        "tf_half_pixel_for_nn" => (i + 0.5f) / axis.Scale,
        _ => throw new OperatorNotSupportedException(node.Name, node.OpType, $"coordinate_transformation_mode {mode}"),
    };

    private static int Nearest(OnnxNode node, string mode, float x) => (int)(mode switch
    {
        "round_prefer_floor" => MathF.Ceiling(x - 0.5f),
        "round_prefer_ceil" => MathF.Floor(x + 0.5f),
        "floor" => MathF.Floor(x),
        "ceil" => MathF.Ceiling(x),
        _ => throw new OperatorNotSupportedException(node.Name, node.OpType, $"nearest_mode {mode}"),
    });

    private static void Linear(Span<float> row, float x)
    {
        x = Math.Clamp(x, 0, row.Length - 1);
        var low = (int)MathF.Floor(x);
        row[low] += 1 - (x - low);
        row[Math.Min(low + 1, row.Length - 1)] += x - low;
    }

    // Keys's cubic convolution kernel over four neighbours.
    private static void Cubic(Span<float> row, float x, float a, bool excludeOutside)
    {
        var low = (int)MathF.Floor(x);
        var sum = 0f;
        for (var k = low - 1; k <= low + 2; k++)
        {
            var distance = MathF.Abs(x - k);
            var weight = distance <= 1
                ? ((((a + 2) * distance) - (a + 3)) * distance * distance) + 1 : (((((distance - 5) * distance) + 8) * distance) - 4) * a;
            if (excludeOutside && (k < 0 || k >= row.Length))
                continue;
            row[Math.Clamp(k, 0, row.Length - 1)] += weight;
            sum += weight;
        }
        for (var k = 0; excludeOutside && k < row.Length; k++)
            row[k] /= sum;
    }
}
