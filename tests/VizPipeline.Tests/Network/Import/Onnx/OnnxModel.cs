using VizPipeline.Tests.Network.Formats.Onnx;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>A small ONNX model, node by node, with random weights.</summary>
internal sealed class OnnxModel(Random random, int opset, params int[] input)
{
    private readonly List<ProtoWriter> _nodes = [];
    private readonly List<ProtoWriter> _constants = [];
    private int _names;

    public const string Input = "input";

    public Random Random { get; } = random;

    public int[] InputShape { get; } = input;

    public int Opset { get; } = opset;

    /// <summary>Adds a node and returns the name of its first output. Attributes: long, float, string, long[], float[].</summary>
    public string Add(string opType, string[] inputs, params (string Name, object Value)[] attributes)
        => AddTo("", opType, inputs, 1, attributes)[0];

    public string[] AddTo(string domain, string opType, string[] inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(_ => $"{opType}_{_names++}")];
        var node = new ProtoWriter();
        foreach (var name in inputs)
            node.Text(1, name);
        foreach (var name in names)
            node.Text(2, name);
        node.Text(3, names[0] + "_node").Text(4, opType);
        if (domain.Length > 0)
            node.Text(7, domain);
        foreach (var (name, value) in attributes)
            node.Message(5, Attribute(name, value));
        _nodes.Add(node);
        return names;
    }

    public string Floats(float[] values, params int[] shape) =>
        Constant(OnnxModels.Float, shape, values.SelectMany(BitConverter.GetBytes));

    public string Number(double value) => Floats([(float)value]);

    public string Longs(params long[] values) => Constant(OnnxModels.Int64, [values.Length], values.SelectMany(BitConverter.GetBytes));

    public string Tensor(long[] values, params int[] shape) => Constant(OnnxModels.Int64, shape, values.SelectMany(BitConverter.GetBytes));

    public string Bytes(sbyte[] values, params int[] shape) => Constant(3, shape, values.Select(value => (byte)value));

    public string Codes(byte[] values, params int[] shape) => Constant(2, shape, values);

    /// <summary>Normally distributed numbers whose variance falls with the fan-in.</summary>
    public string Weight(params int[] shape)
    {
        var fan = Math.Max(1, shape.Skip(1).Aggregate(1, (product, extent) => product * extent));
        return Floats([.. Values(shape).Select(value => value * (float)(1 / Math.Sqrt(fan)))], shape);
    }

    /// <summary>Numbers from 0.5 to 1.5.</summary>
    public string Positive(params int[] shape) => Floats([.. Values(shape).Select(value => 1 + (float)(0.5 * Math.Tanh(value)))], shape);

    /// <summary>Numbers for the input.</summary>
    public float[] Image() => [.. Values(InputShape)];

    public string Conv(string x, int inputs, int outputs, int kernel = 1, params (string Name, object Value)[] attributes) =>
        Add("Conv", [x, Weight(outputs, inputs, kernel, kernel), Weight(outputs)], attributes);

    public byte[] Write(params string[] outputs)
    {
        var graph = new ProtoWriter();
        foreach (var node in _nodes)
            graph.Message(1, node);
        graph.Text(2, "graph");
        foreach (var constant in _constants)
            graph.Message(5, constant);
        graph.Message(11, OnnxModels.Value(Input, [.. InputShape.Select(extent => (long)extent)]));
        foreach (var output in outputs)
            graph.Message(12, new ProtoWriter().Text(1, output).Message(
                2, new ProtoWriter().Message(1, new ProtoWriter().Number(1, OnnxModels.Float))));
        return new ProtoWriter().Number(1, 8).Text(2, "test").Message(7, graph)
            .Message(8, new ProtoWriter().Text(1, "").Number(2, Opset)).Message(8, new ProtoWriter().Text(1, "com.microsoft").Number(2, 1))
                .End();
    }

    private IEnumerable<float> Values(int[] shape) =>
        Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent))
            .Select(_ => (float)(Enumerable.Range(0, 6).Sum(_ => Random.NextDouble()) - 3) * 1.4f);

    private string Constant(int type, int[] shape, IEnumerable<byte> bytes)
    {
        var name = $"constant_{_names++}";
        _constants.Add(OnnxModels.Tensor(name, type, [.. shape.Select(extent => (long)extent)]).Bytes(9, [.. bytes]));
        return name;
    }

    private static ProtoWriter Attribute(string name, object value) => value switch
    {
        int number => OnnxModels.Attribute(name, 2, proto => proto.Number(3, number)),
        long number => OnnxModels.Attribute(name, 2, proto => proto.Number(3, number)),
        float number => OnnxModels.Attribute(name, 1, proto => proto.Float(2, number)),
        double number => OnnxModels.Attribute(name, 1, proto => proto.Float(2, (float)number)),
        string text => OnnxModels.Attribute(name, 3, proto => proto.Text(4, text)),
        int[] numbers => OnnxModels.Attribute(name, 7, proto => proto.Numbers(8, [.. numbers.Select(number => (long)number)])),
        long[] numbers => OnnxModels.Attribute(name, 7, proto => proto.Numbers(8, numbers)),
        float[] numbers => OnnxModels.Attribute(name, 6, proto => _ = numbers.Aggregate(proto, (list, number) => list.Float(7, number))),
        _ => throw new ArgumentException($"attribute '{name}' is {value.GetType()}", nameof(value)),
    };
}
