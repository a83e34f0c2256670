using Google.Protobuf;
using VizPipeline.Network.Formats.Onnx.Schema;

namespace VizPipeline.Network.Formats.Onnx;

/// <summary>
/// A parsed and checked ONNX file: constants are read and nodes are sorted into an executable order. Interpreting the operators is the
/// importer's task.
/// </summary>
internal sealed class OnnxFile
{
    // Protobuf's own limit. Larger networks keep their weights in separate files next to the model.
    private const long LargestFile = int.MaxValue;
    private const int DeepestNesting = 32;

    private OnnxFile(string path, ModelProto model)
    {
        Path = path;
        Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim();
        Opsets = OpsetsOf(model);
        var tensors = new OnnxTensorReader(path);
        var constants = ReadInitializers(model.Graph, tensors);
        Inputs = [.. model.Graph.Input.Where(input => !constants.ContainsKey(input.Name)).Select(Value)];
        Outputs = [.. model.Graph.Output.Select(Value)];
        var nodes = ReadNodes(model.Graph, new OnnxNodeReader(path, tensors), constants);
        Initializers = constants;
        var given = new HashSet<string>(constants.Keys, StringComparer.Ordinal);
        if (Inputs.FirstOrDefault(input => input.Name.Length == 0 || !given.Add(input.Name)) is { } odd)
            throw Wrong($"has two inputs named '{odd.Name}', or one without a name");
        Nodes = OnnxOrder.Sort(path, nodes, given, Outputs.Select(output => output.Name));
    }

    /// <summary>Path that the file was read from.</summary>
    public string Path { get; }

    /// <summary>The program that wrote the file, for example <c>pytorch 1.13.0</c>; may be empty.</summary>
    public string Producer { get; }

    /// <summary>Operator set version by domain; ONNX's own domain is the empty string.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; }

    /// <summary>The network's inputs, without constants.</summary>
    public IReadOnlyList<OnnxValue> Inputs { get; }

    /// <summary>The network's outputs.</summary>
    public IReadOnlyList<OnnxValue> Outputs { get; }

    /// <summary>The nodes in topological order. Constant nodes are listed in <see cref="Initializers"/> instead.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; }

    /// <summary>Weights and other constants by name, in file order.</summary>
    public IReadOnlyDictionary<string, OnnxTensor> Initializers { get; }

    /// <summary>Reads a file and any external weight files that it refers to.</summary>
    /// <exception cref="ModelFormatException">The file cannot be read, is damaged, or is inconsistent.</exception>
    public static OnnxFile Read(string path) => new(path, Parse(ByteSource.FromFile(path)));

    private static ModelProto Parse(ByteSource source)
    {
        if (source.Length > LargestFile)
        {
            throw new ModelFormatException(
                source.Name, $"has {source.Length} bytes; an ONNX file has at most 2 GB", "export it with external data");
        }
        ModelProto model;
        try
        {
            using var stream = source.Open();
            using var input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, DeepestNesting);
            model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(input);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new ModelFormatException(
                source.Name,
                $"is not an ONNX file, or is damaged ({failure.Message})",
                "it may be a partial download: fetch it again",
                failure);
        }
        return model.Graph is null || model.Graph.Node.Count == 0
            ? throw new ModelFormatException(source.Name, "has no network graph", "check that this is an ONNX file")
            : model;
    }

    private Dictionary<string, long> OpsetsOf(ModelProto model)
    {
        var opsets = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var opset in model.OpsetImport)
        {
            if (!opsets.TryAdd(opset.Domain == "ai.onnx" ? "" : opset.Domain, opset.Version))
                throw Wrong($"declares the operator set '{opset.Domain}' twice");
        }
        return opsets.ContainsKey("") ? opsets : throw Wrong("does not declare the version of ONNX's operator set");
    }

    private OrderedDictionary<string, OnnxTensor> ReadInitializers(GraphProto graph, OnnxTensorReader tensors)
    {
        if (graph.SparseInitializer.Count > 0)
            throw Wrong("has sparse weights, which are not supported");
        var constants = new OrderedDictionary<string, OnnxTensor>(graph.Initializer.Count, StringComparer.Ordinal);
        foreach (var initializer in graph.Initializer)
        {
            if (initializer.Name.Length == 0 || !constants.TryAdd(initializer.Name, tensors.Read(initializer, initializer.Name)))
                throw Wrong($"has two tensors named '{initializer.Name}', or one without a name");
        }
        return constants;
    }

    private List<OnnxNode> ReadNodes(GraphProto graph, OnnxNodeReader reader, OrderedDictionary<string, OnnxTensor> constants)
    {
        var nodes = new List<OnnxNode>(graph.Node.Count);
        foreach (var node in graph.Node.Select(reader.Read))
        {
            if (reader.Constant(node) is not { } constant)
                nodes.Add(node);
            else if (!constants.TryAdd(constant.Name, constant))
                throw Wrong($"has node {node} write '{constant.Name}', which is already defined");
        }
        return nodes;
    }

    private OnnxValue Value(ValueInfoProto value)
    {
        if (value.Type?.TensorType is not { } tensor)
            return new OnnxValue(value.Name, null, null);
        var shape = tensor.Shape?.Dim.Select(extent => Extent(extent, value.Name)).ToArray();
        return new OnnxValue(value.Name, OnnxTypes.Find(tensor.ElemType), shape);
    }

    // Some exporters write an unknown extent as 0 or -1 instead of leaving it out.
    private int Extent(TensorShapeProto.Types.Dimension extent, string name) => extent.DimValue switch
    {
        <= 0 => -1,
        <= int.MaxValue => (int)extent.DimValue,
        _ => throw Wrong($"has an input or output '{name}' with an extent of {extent.DimValue}"),
    };

    private ModelFormatException Wrong(string problem) => new(Path, problem);
}
