namespace VizPipeline.Network.Formats.Onnx;

/// <summary>One node of the network: an operation that reads and writes named values.</summary>
internal sealed class OnnxNode
{
    private readonly string _file;

    internal OnnxNode(string file, string name, string opType, string domain)
    {
        this._file = file;
        Name = name;
        OpType = opType;
        Domain = domain;
    }

    /// <summary>The node's name; may be empty.</summary>
    public string Name { get; }

    /// <summary>The operator, for example <c>Conv</c>.</summary>
    public string OpType { get; }

    /// <summary>The operator's domain; empty for ONNX's own.</summary>
    public string Domain { get; }

    /// <summary>Names of its inputs, in order; an empty name is an omitted optional input.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Names of its outputs, in order; an empty name is an unused output.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Its attributes by name.</summary>
    public required IReadOnlyDictionary<string, OnnxAttribute> Attributes { get; init; }

    /// <summary>Whether an attribute is present.</summary>
    public bool Has(string attribute) => Attributes.ContainsKey(attribute);

    /// <summary>Returns an integer attribute, or <paramref name="otherwise"/> if it is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public long GetInt(string attribute, long otherwise) => (long)(Find(attribute, OnnxAttributeKind.WholeNumber) ?? otherwise);

    /// <summary>Returns a float attribute, or <paramref name="otherwise"/> if it is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public float GetFloat(string attribute, float otherwise) => (float)(Find(attribute, OnnxAttributeKind.Number) ?? otherwise);

    /// <summary>Returns a string attribute, or <paramref name="otherwise"/> if it is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public string GetText(string attribute, string otherwise) => (string)(Find(attribute, OnnxAttributeKind.Text) ?? otherwise);

    /// <summary>Returns a list of integers, or null if the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public IReadOnlyList<long>? GetInts(string attribute) => (long[]?)Find(attribute, OnnxAttributeKind.WholeNumbers);

    /// <summary>Returns a list of floats, or null if the attribute is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public IReadOnlyList<float>? GetFloats(string attribute) => (float[]?)Find(attribute, OnnxAttributeKind.Numbers);

    /// <summary>Returns a tensor attribute, or null if it is absent.</summary>
    /// <exception cref="ModelFormatException">The attribute has another type.</exception>
    public OnnxTensor? GetTensor(string attribute) => (OnnxTensor?)Find(attribute, OnnxAttributeKind.Tensor);

    /// <summary>Returns the operator and the name, for messages.</summary>
    public override string ToString()
        => $"{(Domain.Length == 0 ? OpType : $"{Domain}.{OpType}")} "
            + $"'{(Name.Length > 0 ? Name : Outputs.FirstOrDefault(output => output.Length > 0))}'";

    /// <summary>Returns a node that replaces this one with another operation.</summary>
    internal OnnxNode As(string opType, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes) =>
        new(_file, Name, opType, "")
        {
            Inputs = inputs,
            Outputs = [Outputs[0]],
            Attributes = attributes.ToDictionary(
            attribute => attribute.Name, attribute => new OnnxAttribute(attribute.Name, attribute.Value switch
            {
                float => OnnxAttributeKind.Number,
                string => OnnxAttributeKind.Text,
                _ => OnnxAttributeKind.WholeNumbers,
            }, attribute.Value)),
        };

    /// <summary>Returns the same node in another domain.</summary>
    internal OnnxNode In(string domain) => new(_file, Name, OpType, domain) { Inputs = Inputs, Outputs = Outputs, Attributes = Attributes };

    private object? Find(string attribute, OnnxAttributeKind kind)
    {
        if (!Attributes.TryGetValue(attribute, out var found))
            return null;
        return found.Kind == kind
            ? found.Value
            : throw new ModelFormatException(_file, $"has node {this} whose attribute '{attribute}' is {found.Kind} but should be {kind}");
    }
}
