using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>QuantizeLinear and DequantizeLinear of constants, with one scale or one per position of an axis.</summary>
internal static class OnnxQuantization
{
    public static OnnxConstant? Dequantize(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (value.Longs is not { } codes || Scales(node, value, inputs) is not { } scale)
            return null;
        var zero = inputs.ElementAtOrDefault(2);
        var values = new float[codes.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var at = scale.At(i);
            values[i] = (float)((codes[i] - (zero?.Longs?[zero.Count == 1 ? 0 : at] ?? 0)) * (double)scale.Values[at]);
        }
        // Named after the weight that it was computed from, since layers are named after their weights.
        var name = node.Inputs[0].EndsWith("_quantized", StringComparison.Ordinal)
            ? node.Inputs[0][..^"_quantized".Length] : node.Inputs[0];
        return OnnxConstant.From(name, value.Shape, values);
    }

    public static OnnxConstant? Quantize(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (value.Floats is not { } floats
            || Scales(node, value, inputs) is not { } scale
            || CodeType(node, inputs.ElementAtOrDefault(2)) is not { } type || Range(type) is not (var low, var high))
            return null;
        var zero = inputs.ElementAtOrDefault(2);
        var codes = new long[floats.Values.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var at = scale.At(i);
            var code = Math.Round(
                floats.Values[i] / (double)scale.Values[at], MidpointRounding.ToEven) + (zero?.Longs?[zero.Count == 1 ? 0 : at] ?? 0);
            codes[i] = double.IsNaN(code) ? 0 : (long)Math.Clamp(code, low, high);
        }
        return new(value.Shape, codes, null, type);
    }

    /// <summary>
    /// Returns the type of the codes that QuantizeLinear produces: that of its zero point, else output_dtype (bytes by default); null for
    /// types that are not supported.
    /// </summary>
    public static ElementType? CodeType(OnnxNode node, OnnxConstant? zero) => zero is not null ? zero.Type
        : node.GetInt("output_dtype", 0) is not 0 and var number ? OnnxTypes.Find(number) : ElementType.U8;

    /// <summary>Returns the smallest and the largest code of a type; null for types that are not used for codes.</summary>
    public static (long Low, long High)? Range(ElementType? codes) => codes switch
    {
        ElementType.U8 => (0, 255),
        ElementType.I8 => (-128, 127),
        ElementType.U16 => (0, ushort.MaxValue),
        ElementType.I16 => (short.MinValue, short.MaxValue),
        ElementType.I32 => (int.MinValue, int.MaxValue),
        _ => null,
    };

    private static (float[] Values, Func<int, int> At)? Scales(OnnxNode node, OnnxConstant value, IReadOnlyList<OnnxConstant?> inputs)
    {
        if (inputs.ElementAtOrDefault(1)?.Floats?.Values is not { Length: > 0 } scales)
            return null;
        var zero = inputs.ElementAtOrDefault(2);
        if (zero is not null && zero.Longs?.Length is not 1 && zero.Count != scales.Length)
            return null;
        if (scales.Length == 1)
            return (scales, _ => 0);
        if (node.GetInt("block_size", 0) != 0
            || OnnxShapes.Axis(node.GetInt("axis", 1), value.Shape.Length) is not { } axis || value.Shape[axis] != scales.Length)
            return null;
        var (inner, count) = (value.Shape[(axis + 1)..].Aggregate(1, (product, extent) => product * extent), scales.Length);
        return (scales, i => i / inner % count);
    }
}
