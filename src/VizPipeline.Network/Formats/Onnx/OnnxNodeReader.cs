using VizPipeline.Network.Formats.Onnx.Schema;

namespace VizPipeline.Network.Formats.Onnx;

/// <summary>Converts protobuf nodes and their attributes to <see cref="OnnxNode"/>.</summary>
internal sealed class OnnxNodeReader(string file, OnnxTensorReader tensors)
{
    public OnnxNode Read(NodeProto node)
    {
        // Both names stand for ONNX's own operators.
        var domain = node.Domain == "ai.onnx" ? "" : node.Domain;
        var attributes = new Dictionary<string, OnnxAttribute>(node.Attribute.Count, StringComparer.Ordinal);
        foreach (var attribute in node.Attribute)
        {
            if (!attributes.TryAdd(attribute.Name, Read(attribute, node)))
                throw new ModelFormatException(file, $"has node {node.OpType} '{node.Name}' with two attributes '{attribute.Name}'");
        }
        return new OnnxNode(
            file, node.Name, node.OpType, domain)
        { Inputs = [.. node.Input], Outputs = [.. node.Output], Attributes = attributes };
    }

    /// <summary>Returns the value of a Constant node, named as its output, or null if its type is not supported (text).</summary>
    public OnnxTensor? Constant(OnnxNode node)
    {
        if (node.Domain.Length > 0 || node.OpType != "Constant")
            return null;
        if (node.Outputs is not [{ Length: > 0 } name] || node.Inputs.Count > 0)
            throw new ModelFormatException(file, $"has node {node}, which should have one output and no inputs");
        if (node.GetTensor("value") is { } tensor)
            return tensor.Named(name);
        if (node.GetInts("value_ints") is { } ints)
            return new OnnxTensor(name, ElementType.I64, [ints.Count], [.. ints]);
        if (node.GetFloats("value_floats") is { } floats)
            return new OnnxTensor(name, ElementType.F32, [floats.Count], [.. floats]);
        if (node.Has("value_int"))
            return new OnnxTensor(name, ElementType.I64, [], [node.GetInt("value_int", 0)]);
        return node.Has("value_float") ? new OnnxTensor(name, ElementType.F32, [], [node.GetFloat("value_float", 0)]) : null;
    }

    private OnnxAttribute Read(AttributeProto attribute, NodeProto node)
    {
        var (kind, value) = attribute.Type switch
        {
            1 => (OnnxAttributeKind.Number, (object?)attribute.F),
            2 => (OnnxAttributeKind.WholeNumber, attribute.I),
            3 => (OnnxAttributeKind.Text, attribute.S.ToStringUtf8()),
            4 when attribute.T is not null => (OnnxAttributeKind.Tensor, tensors.Read(attribute.T, $"{node.Name}.{attribute.Name}")),
            5 or 10 => (OnnxAttributeKind.Subgraph, null),
            6 => (OnnxAttributeKind.Numbers, attribute.Floats.ToArray()),
            7 => (OnnxAttributeKind.WholeNumbers, attribute.Ints.ToArray()),
            8 => (OnnxAttributeKind.Texts, null),
            _ => (OnnxAttributeKind.Other, null),
        };
        return new OnnxAttribute(attribute.Name, kind, value);
    }
}
