namespace VizPipeline.Network.Formats.Onnx;

/// <summary>A constant of an ONNX file. Floats of any width become float32; integers and booleans become 64-bit integers.</summary>
internal sealed class OnnxTensor
{
    internal OnnxTensor(string name, ElementType type, int[] shape, float[] values)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Floats = new FloatTensor(name, shape, values);
    }

    internal OnnxTensor(string name, ElementType type, int[] shape, long[] values)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Longs = values;
    }

    /// <summary>Its name in the graph.</summary>
    public string Name { get; }

    /// <summary>How the file stores it.</summary>
    public ElementType Type { get; }

    /// <summary>Extents, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values if they are floats, else null.</summary>
    public FloatTensor? Floats { get; }

    /// <summary>The values if they are integers or booleans, else null.</summary>
    public long[]? Longs { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";

    internal OnnxTensor Named(string name)
        => Floats is not null ? new(name, Type, [.. Shape], Floats.Values) : new(name, Type, [.. Shape], Longs!);
}
