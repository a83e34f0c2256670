using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>A constant of the graph: floats, or whole numbers (also truth values, 0 and 1).</summary>
/// <param name="Shape">Extents, outermost first; empty for a scalar.</param>
/// <param name="Longs">The values where they are whole numbers, else null.</param>
/// <param name="Floats">The values where they are floats, else null.</param>
/// <param name="Type">How the file stores them, where that matters: the zero point of a quantisation.</param>
internal sealed record OnnxConstant(int[] Shape, long[]? Longs, FloatTensor? Floats = null, ElementType? Type = null)
{
    public int Count => Longs?.Length ?? Floats!.Values.Length;

    public static OnnxConstant Of(OnnxTensor tensor) => new([.. tensor.Shape], tensor.Longs, tensor.Floats, tensor.Type);

    public static OnnxConstant Vector(IEnumerable<long> values)
    {
        long[] all = [.. values];
        return new([all.Length], all);
    }

    public static OnnxConstant Of(string name, int[] shape, float[] values) => new(shape, null, new FloatTensor(name, shape, values));

    /// <summary>The values as floating-point numbers.</summary>
    public double At(int index) => Longs is { } longs ? longs[index] : Floats!.Values[index];

    /// <summary>The only value; null where there are several.</summary>
    public double? Scalar => Count == 1 ? At(0) : null;

    /// <summary>The same kind of constant with the elements at the given places of this one.</summary>
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

    /// <summary>The same values in another shape of as many.</summary>
    public OnnxConstant Reshaped(int[] shape) => this with { Shape = shape, Floats = Floats?.With(shape: shape) };
}
