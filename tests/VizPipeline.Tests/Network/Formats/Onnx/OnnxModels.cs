namespace VizPipeline.Tests.Network.Formats.Onnx;

/// <summary>Parts of small ONNX files; the numbers are the format's field numbers.</summary>
internal static class OnnxModels
{
    public const int Float = 1;
    public const int Int64 = 7;

    public static byte[] Model(ProtoWriter graph, int opset = 13)
        => new ProtoWriter().Number(1, 8).Text(2, "test").Text(3, "1.0").Message(7, graph)
            .Message(8, new ProtoWriter().Text(1, "").Number(2, opset)).End();

    public static ProtoWriter Graph(params ProtoWriter[] nodes)
    {
        var graph = new ProtoWriter().Text(2, "graph");
        foreach (var node in nodes)
            graph.Message(1, node);
        return graph;
    }

    /// <summary>x -> Relu -> y.</summary>
    public static ProtoWriter Relu() => Graph(Node("Relu", ["x"], ["y"])).Message(11, Value("x", 1, 3)).Message(12, Value("y", 1, 3));

    public static ProtoWriter Node(string opType, string[] inputs, string[] outputs, params ProtoWriter[] attributes)
    {
        var node = new ProtoWriter();
        foreach (var input in inputs)
            node.Text(1, input);
        foreach (var output in outputs)
            node.Text(2, output);
        node.Text(3, "the_" + opType).Text(4, opType);
        foreach (var attribute in attributes)
            node.Message(5, attribute);
        return node;
    }

    public static ProtoWriter Attribute(string name, int type, Action<ProtoWriter> value)
    {
        var attribute = new ProtoWriter().Text(1, name).Number(20, type);
        value(attribute);
        return attribute;
    }

    public static ProtoWriter Tensor(string name, int type, params long[] dims)
        => new ProtoWriter().Numbers(1, dims).Number(2, type).Text(8, name);

    public static ProtoWriter External(string name, string location, params (string Key, string Value)[] entries)
    {
        var tensor = Tensor(name, Float, 2).Number(14, 1);
        foreach (var (key, value) in entries.Prepend(("location", location)))
            tensor.Message(13, new ProtoWriter().Text(1, key).Text(2, value));
        return tensor;
    }

    public static ProtoWriter Value(string name, params long[] extents)
    {
        var shape = new ProtoWriter();
        foreach (var extent in extents)
            shape.Message(1, extent >= 0 ? new ProtoWriter().Number(1, extent) : new ProtoWriter().Text(2, "batch"));
        return new ProtoWriter().Text(1, name)
            .Message(2, new ProtoWriter().Message(1, new ProtoWriter().Number(1, Float).Message(2, shape)));
    }
}
