namespace VizPipeline.Network.Formats.Onnx;

/// <summary>What an attribute of a node holds.</summary>
public enum OnnxAttributeKind
{
    /// <summary>One float.</summary>
    Number,

    /// <summary>One whole number.</summary>
    WholeNumber,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>Floats.</summary>
    Numbers,

    /// <summary>Whole numbers.</summary>
    WholeNumbers,

    /// <summary>Several texts.</summary>
    Texts,

    /// <summary>A graph, as the body of a loop. It is not read.</summary>
    Subgraph,

    /// <summary>Anything else. It is not read.</summary>
    Other,
}

/// <summary>A setting of a node. Ask the node for its value: <see cref="OnnxNode.GetInt"/> and the like.</summary>
public sealed class OnnxAttribute
{
    internal OnnxAttribute(string name, OnnxAttributeKind kind, object? value)
    {
        Name = name;
        Kind = kind;
        Value = value;
    }

    /// <summary>Its name, unique in the node.</summary>
    public string Name { get; }

    /// <summary>What it holds.</summary>
    public OnnxAttributeKind Kind { get; }

    internal object? Value { get; }
}
