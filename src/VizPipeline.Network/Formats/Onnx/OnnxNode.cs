namespace VizPipeline.Network.Formats.Onnx;

/// <summary>One operation of the network: reads named values, writes named values.</summary>
public sealed class OnnxNode
{
    private readonly string file;

    internal OnnxNode(string file, string name, string opType, string domain)
    {
        this.file = file;
        Name = name;
        OpType = opType;
        Domain = domain;
    }

    /// <summary>Its name; exporters may leave it empty.</summary>
    public string Name { get; }

    /// <summary>The operation, for example <c>Conv</c>.</summary>
    public string OpType { get; }

    /// <summary>Whose operation it is; empty for ONNX's own.</summary>
    public string Domain { get; }

    /// <summary>Names of the values that it reads, in order; an empty name is an optional input that is not given.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Names of the values that it writes, in order; an empty name is an output that nobody wants.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Its settings by name.</summary>
    public required IReadOnlyDictionary<string, OnnxAttribute> Attributes { get; init; }

    /// <summary>Whether an attribute is there.</summary>
    public bool Has(string attribute) => Attributes.ContainsKey(attribute);

    /// <summary>A whole number; <paramref name="otherwise"/> where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public long GetInt(string attribute, long otherwise) => (long)(Find(attribute, OnnxAttributeKind.WholeNumber) ?? otherwise);

    /// <summary>A float; <paramref name="otherwise"/> where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public float GetFloat(string attribute, float otherwise) => (float)(Find(attribute, OnnxAttributeKind.Number) ?? otherwise);

    /// <summary>Text; <paramref name="otherwise"/> where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public string GetText(string attribute, string otherwise) => (string)(Find(attribute, OnnxAttributeKind.Text) ?? otherwise);

    /// <summary>Whole numbers; null where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public IReadOnlyList<long>? GetInts(string attribute) => (long[]?)Find(attribute, OnnxAttributeKind.WholeNumbers);

    /// <summary>Floats; null where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public IReadOnlyList<float>? GetFloats(string attribute) => (float[]?)Find(attribute, OnnxAttributeKind.Numbers);

    /// <summary>Several texts; null where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public IReadOnlyList<string>? GetTexts(string attribute) => (string[]?)Find(attribute, OnnxAttributeKind.Texts);

    /// <summary>A tensor; null where the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute holds something else.</exception>
    public OnnxTensor? GetTensor(string attribute) => (OnnxTensor?)Find(attribute, OnnxAttributeKind.Tensor);

    /// <summary>Operation and name, for messages.</summary>
    public override string ToString()
        => $"{(Domain.Length == 0 ? OpType : $"{Domain}.{OpType}")} '{(Name.Length > 0 ? Name : Outputs.FirstOrDefault(output => output.Length > 0))}'";

    /// <summary>A node in this one's place that does something else.</summary>
    internal OnnxNode As(string opType, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes) => new(file, Name, opType, "")
    {
        Inputs = inputs,
        Outputs = [Outputs[0]],
        Attributes = attributes.ToDictionary(attribute => attribute.Name, attribute => new OnnxAttribute(attribute.Name, attribute.Value switch
        {
            float => OnnxAttributeKind.Number,
            string => OnnxAttributeKind.Text,
            _ => OnnxAttributeKind.WholeNumbers,
        }, attribute.Value)),
    };

    /// <summary>The same node of another domain.</summary>
    internal OnnxNode In(string domain) => new(file, Name, OpType, domain) { Inputs = Inputs, Outputs = Outputs, Attributes = Attributes };

    private object? Find(string attribute, OnnxAttributeKind kind)
    {
        if (!Attributes.TryGetValue(attribute, out var found))
            return null;
        return found.Kind == kind
            ? found.Value
            : throw new ModelFormatException(file, $"has node {this} whose attribute '{attribute}' is {found.Kind} and should be {kind}");
    }
}
