using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>A constant of the graph: floats or integers (booleans are 0 and 1).</summary>
/// <param name="Shape">Extents, outermost first; empty for a scalar.</param>
/// <param name="Longs">The values if they are integers, else null.</param>
/// <param name="Floats">The values if they are floats, else null.</param>
/// <param name="Type">How the file stores them, where that matters: the zero point of a quantisation.</param>
internal sealed record OnnxConstant(int[] Shape, long[]? Longs, FloatTensor? Floats = null, ElementType? Type = null)
{
    public int Count => Longs?.Length ?? Floats!.Values.Length;

    public static OnnxConstant From(OnnxTensor tensor) => new([.. tensor.Shape], tensor.Longs, tensor.Floats, tensor.Type);

    public static OnnxConstant Vector(IEnumerable<long> values)
    {
        long[] all = [.. values];
        return new([all.Length], all);
    }

    public static OnnxConstant From(string name, int[] shape, float[] values) => new(shape, null, new FloatTensor(name, shape, values));

    /// <summary>Returns an element as a floating-point number.</summary>
    public double At(int index) => Longs is { } longs ? longs[index] : Floats!.Values[index];

    /// <summary>The single value, or null if there are several.</summary>
    public double? Scalar => Count == 1 ? At(0) : null;

    /// <summary>Returns a constant of the same type with the elements at the given positions of this one.</summary>
    public OnnxConstant Pick(int[] shape, IReadOnlyList<int> places)
    {
        if (Longs is { } longs)
        {
            var picked = new long[places.Count];
            for (var i = 0; i < picked.Length; i++)
                picked[i] = longs[places[i]];
            return new(shape, picked, null, Type);
        }
        var (values, floats) = (Floats!.Values, new float[places.Count]);
        for (var i = 0; i < floats.Length; i++)
            floats[i] = values[places[i]];
        return new(shape, null, new FloatTensor(Floats.Name, shape, floats), Type);
    }

    /// <summary>Returns the same values in another shape with the same number of elements.</summary>
    public OnnxConstant Reshaped(int[] shape) => this with { Shape = shape, Floats = Floats?.With(shape: shape) };
}
