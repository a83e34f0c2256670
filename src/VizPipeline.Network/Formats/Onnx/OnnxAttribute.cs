namespace VizPipeline.Network.Formats.Onnx;

/// <summary>The type of a node attribute's value.</summary>
internal enum OnnxAttributeKind
{
    /// <summary>One float.</summary>
    Number,

    /// <summary>One integer.</summary>
    WholeNumber,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A list of floats.</summary>
    Numbers,

    /// <summary>A list of integers.</summary>
    WholeNumbers,

    /// <summary>A list of strings. Its value is not read.</summary>
    Texts,

    /// <summary>A graph, such as the body of a loop. Its value is not read.</summary>
    Subgraph,

    /// <summary>Anything else. Its value is not read.</summary>
    Other,
}

/// <summary>An attribute of a node. Read its value through the node: <see cref="OnnxNode.GetInt"/> and its siblings.</summary>
internal sealed class OnnxAttribute
{
    internal OnnxAttribute(string name, OnnxAttributeKind kind, object? value)
    {
        Name = name;
        Kind = kind;
        Value = value;
    }

    /// <summary>The attribute's name, unique in the node.</summary>
    public string Name { get; }

    /// <summary>The type of its value.</summary>
    public OnnxAttributeKind Kind { get; }

    internal object? Value { get; }
}
