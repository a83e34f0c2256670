using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import;

/// <summary>
/// Builds a network from an ONNX file (operator sets 7 to 20). Values are feature maps, or constants; chains that compute shapes
/// (Shape, Gather, Concat, ...) are folded on the way, for a batch of one.
/// </summary>
internal sealed class OnnxImporter
{
    private const int OldestOpset = 7;

    private readonly OnnxFile _file;
    private readonly GraphBuilder _graph;
    private readonly Dictionary<string, int> _values = [];
    private readonly Dictionary<string, OnnxConstant> _constants = [];

    private OnnxImporter(OnnxFile file, (int Height, int Width)? size)
    {
        _file = file;
        if (_file.Opsets[""] < OldestOpset)
            throw new ModelFormatException(file.Path, $"uses operator set {_file.Opsets[""]}", $"export it with {OldestOpset} or newer");
        var input = file.Inputs.Count == 1 ? file.Inputs[0] : throw new ModelFormatException(file.Path, $"has {file.Inputs.Count} inputs", "VizPipeline reads networks with one image input");
        _graph = new GraphBuilder(InputShape(input, size), input.Name);
        _values[input.Name] = GraphBuilder.Input;
        foreach (var (name, tensor) in file.Initializers)
            _constants[name] = OnnxConstant.Of(tensor);
    }

    /// <summary>Reads <paramref name="path"/>; <paramref name="size"/> overrides, or supplies, the input's height and width.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="GraphException">Operators are unknown or do not fit.</exception>
    public static NetworkGraph Read(string path, (int Height, int Width)? size)
    {
        var file = OnnxFile.Read(path);
        return new OnnxImporter(file, size).Build(Path.GetFileNameWithoutExtension(path));
    }

    private NetworkGraph Build(string name)
    {
        foreach (var node in _file.Nodes)
            Import(node);
        var output = _file.Outputs.Select(value => _values.TryGetValue(value.Name, out var node) ? node : -1).FirstOrDefault(node => node >= 0, -1);
        return output >= 0 ? _graph.Build(name, output) : throw new ModelFormatException(_file.Path, "has no output that depends on its input");
    }

    private Shape InputShape(OnnxValue input, (int Height, int Width)? size)
    {
        if (input.Shape is { Count: not 4 } odd)
            throw new ModelFormatException(_file.Path, $"has an input of {odd.Count} dimensions", "VizPipeline reads networks of images, [N, C, H, W]");
        int[] shape = [.. input.Shape ?? [-1, -1, -1, -1]];
        var (height, width) = size ?? (shape[2], shape[3]);
        if (height < 1 || width < 1)
            throw new ModelFormatException(_file.Path, "leaves the size of its input open", "give it with --input-size, for example --input-size 224");
        return new Shape(shape[1] < 1 ? 3 : shape[1], height, width);
    }

    private void Import(OnnxNode node)
    {
        if (node.Inputs.All(input => input.Length == 0 || _constants.ContainsKey(input)) || node.OpType == "Shape")
        {
            if (OnnxFolding.Fold(node, InputConstant(node)) is not { } folded)
                throw new OperatorNotSupportedException(NameOf(node), node.OpType, "constant inputs");
            _constants[node.Outputs[0]] = folded;
            return;
        }
        var name = NameOf(node);
        var result = node.Domain.Length > 0 && node.Domain != "ai.onnx" ? throw new OperatorNotSupportedException(name, $"{node.Domain}.{node.OpType}") : Add(node, name);
        _values[node.Outputs[0]] = result;
        // Further outputs (a pool's indices, a dropout's mask) are for training; whoever reads one is told.
    }

    private Func<int, OnnxConstant?> InputConstant(OnnxNode node) => i =>
    {
        if (i >= node.Inputs.Count || node.Inputs[i].Length == 0)
            return null;
        if (_constants.TryGetValue(node.Inputs[i], out var constant))
            return constant;
        var shape = _graph.Shape(Value(node, i));
        return new OnnxConstant([], shape.IsVector ? [1, shape.Channels] : [1, shape.Channels, shape.Height, shape.Width]);
    };

    private int Add(OnnxNode node, string name)
    {
        var x = node.Inputs.Count > 0 && node.Inputs[0].Length > 0 && !_constants.ContainsKey(node.Inputs[0]) ? Value(node, 0) : -1;
        return node.OpType switch
        {
            "Conv" => _graph.Add(name, OnnxWindows.Convolution(node, name, _graph.Shape(x), Weight(node, 1), OptionalWeight(node, 2)), x),
            "MaxPool" => _graph.Add(name, new MaxPool(OnnxWindows.Pool(node, name, _graph.Shape(x))), x),
            "AveragePool" => _graph.Add(name, new AveragePool(OnnxWindows.Pool(node, name, _graph.Shape(x)), node.GetInt("count_include_pad", 0) != 0), x),
            "GlobalAveragePool" => _graph.Add(name, new GlobalAveragePool(), x),
            "GlobalMaxPool" => _graph.Add(name, new GlobalMaxPool(), x),
            "ReduceMean" => _graph.Add(name, ReduceMean(node, name), x),
            "BatchNormalization" => _graph.Add(name, BatchNorm(node, name), x),
            "Relu" => _graph.Add(name, new Relu(), x),
            "LeakyRelu" => _graph.Add(name, new LeakyRelu(node.GetFloat("alpha", 0.01f)), x),
            "Sigmoid" => _graph.Add(name, new Sigmoid(), x),
            "Tanh" => _graph.Add(name, new Tanh(), x),
            "Clip" => _graph.Add(name, Limits(node), x),
            "LRN" => _graph.Add(name, new LocalResponseNorm((int)node.GetInt("size", 5), node.GetFloat("alpha", 1e-4f), node.GetFloat("beta", 0.75f), node.GetFloat("bias", 1)), x),
            "Dropout" or "Identity" => x,
            "Softmax" or "LogSoftmax" => AtTheEnd(node) ? x : throw new OperatorNotSupportedException(name, node.OpType, "operators after it"),
            "Concat" => Concat(node, name),
            "Add" or "Sub" or "Mul" or "Div" => Arithmetic(node, name),
            "Sum" => _graph.Add(name, new Add(), [.. node.Inputs.Select((_, i) => Value(node, i))]),
            "Gemm" => _graph.Add(name, Gemm(node, name), AsVector(name, x)),
            "MatMul" => _graph.Add(name, new Linear(Transposed(Weight(node, 1), name), null), AsVector(name, x)),
            "Flatten" => node.GetInt("axis", 1) == 1 ? AsVector(name, x) : throw new OperatorNotSupportedException(name, "Flatten", $"axis {node.GetInt("axis", 1)}"),
            "Reshape" or "Squeeze" or "Unsqueeze" => Reshape(node, name, x),
            "Pad" => Pad(node, name, x),
            _ => throw new OperatorNotSupportedException(name, node.OpType),
        };
    }

    private static string NameOf(OnnxNode node) => node.Name.Length > 0 ? node.Name : node.Outputs.FirstOrDefault(output => output.Length > 0) ?? node.OpType;

    private int Value(OnnxNode node, int input)
    {
        if (input >= node.Inputs.Count || node.Inputs[input].Length == 0)
            throw new GraphException(NameOf(node), $"{node.OpType} lacks its input {input}");
        return _values.TryGetValue(node.Inputs[input], out var value)
            ? value : throw new OperatorNotSupportedException(NameOf(node), node.OpType, $"'{node.Inputs[input]}' as its input {input}, which is a constant or a second output");
    }

    private FloatTensor Weight(OnnxNode node, int input) =>
        OptionalWeight(node, input) ?? throw new OperatorNotSupportedException(NameOf(node), node.OpType, $"an input {input} that is not a constant");

    private FloatTensor? OptionalWeight(OnnxNode node, int input)
    {
        if (input >= node.Inputs.Count || node.Inputs[input].Length == 0)
            return null;
        return _constants.TryGetValue(node.Inputs[input], out var constant) && constant.Floats is { } floats
            ? floats : throw new OperatorNotSupportedException(NameOf(node), node.OpType, $"an input {input} that is not a constant of floats");
    }

    private bool AtTheEnd(OnnxNode node)
    {
        return _file.Outputs.Any(output => output.Name == node.Outputs[0]) && !_file.Nodes.Any(other => other.Inputs.Contains(node.Outputs[0]));
    }

    private int AsVector(string name, int x) => _graph.Shape(x).IsVector ? x : _graph.Add(name + ".flatten", new Flatten(), x);

    private ChannelAffine BatchNorm(OnnxNode node, string name)
    {
        if (node.GetInt("training_mode", 0) != 0)
            throw new OperatorNotSupportedException(name, "BatchNormalization", "training_mode: export the network in inference mode");
        return ChannelAffine.BatchNorm(name, Weight(node, 1), Weight(node, 2), Weight(node, 3), Weight(node, 4), node.GetFloat("epsilon", 1e-5f));
    }

    private Clip Limits(OnnxNode node)
    {
        var low = OptionalWeight(node, 1)?.Values[0] ?? node.GetFloat("min", float.NegativeInfinity);
        return new Clip(low, OptionalWeight(node, 2)?.Values[0] ?? node.GetFloat("max", float.PositiveInfinity));
    }

    private GlobalAveragePool ReduceMean(OnnxNode node, string name)
    {
        var axes = node.GetInts("axes") ?? (node.Inputs.Count > 1 ? _constants.GetValueOrDefault(node.Inputs[1])?.Longs : null);
        if (axes is null || !axes.Select(axis => axis < 0 ? axis + 4 : axis).Order().SequenceEqual([2, 3]))
            throw new OperatorNotSupportedException(name, "ReduceMean", "axes other than height and width");
        return new GlobalAveragePool(node.GetInt("keepdims", 1) != 0);
    }

    private int Concat(OnnxNode node, string name)
    {
        int[] parts = [.. node.Inputs.Select((_, i) => Value(node, i))];
        var axis = node.GetInt("axis", 1);
        if (axis != 1 && axis != (_graph.Shape(parts[0]).IsVector ? -1 : -3))
            throw new OperatorNotSupportedException(name, "Concat", $"axis {axis}: only channels are concatenated");
        return _graph.Add(name, new Concat([.. parts.Select(part => _graph.Shape(part).Channels)]), parts);
    }

    private int Arithmetic(OnnxNode node, string name)
    {
        var constant = node.Inputs.Count == 2 ? Enumerable.Range(0, 2).FirstOrDefault(i => _constants.ContainsKey(node.Inputs[i]), -1) : -1;
        if (constant < 0)
            return node.OpType == "Add" ? _graph.Add(name, new Add(), Value(node, 0), Value(node, 1)) : throw new OperatorNotSupportedException(name, node.OpType, "two computed inputs");
        var x = Value(node, 1 - constant);
        var perChannel = PerChannel(Weight(node, constant), _graph.Shape(x), name, node.OpType);
        if (node.OpType == "Add" && _graph[x].Operator is Linear { Bias: null } linear && x == _graph.Count - 1)
        {
            _graph.Replace(x, linear with { Bias = new FloatTensor(node.Inputs[constant], [perChannel.Length], perChannel) });
            return x;
        }
        return _graph.Add(name, OnnxArithmetic.Affine(node.OpType, name, perChannel, constantFirst: constant == 0), x);
    }

    private static float[] PerChannel(FloatTensor constant, Shape shape, string name, string type)
    {
        if (constant.Values.Length == 1)
            return [.. Enumerable.Repeat(constant.Values[0], shape.Channels)];
        int[] trailing = shape.IsVector ? [shape.Channels] : [shape.Channels, 1, 1];
        var extents = constant.Shape.SkipWhile(extent => extent == 1);
        return extents.SequenceEqual(trailing) && constant.Shape.Length <= trailing.Length + 1
            ? constant.Values : throw new OperatorNotSupportedException(name, type, $"a constant of shape [{string.Join(", ", constant.Shape)}] on {shape}: one number per channel is");
    }

    private Linear Gemm(OnnxNode node, string name)
    {
        if (node.GetInt("transA", 0) != 0)
            throw new OperatorNotSupportedException(name, "Gemm", "transA");
        var weight = node.GetInt("transB", 0) != 0 ? Weight(node, 1) : Transposed(Weight(node, 1), name);
        var (alpha, beta, bias) = (node.GetFloat("alpha", 1), node.GetFloat("beta", 1), OptionalWeight(node, 2));
        if (bias is { Values.Length: 1 } && weight.Shape.Length == 2)
            bias = new FloatTensor(bias.Name, [weight.Shape[0]], [.. Enumerable.Repeat(bias.Values[0], weight.Shape[0])]);
        return new Linear(Times(weight, alpha), bias is null ? null : Times(bias.With(shape: [bias.Values.Length]), beta));
    }

    private static FloatTensor Times(FloatTensor tensor, float factor) =>
        factor == 1 ? tensor : new FloatTensor(tensor.Name, tensor.Shape, [.. tensor.Values.Select(value => value * factor)]);

    private static FloatTensor Transposed(FloatTensor weight, string name)
    {
        if (weight.Shape.Length != 2)
            throw new GraphException(name, $"the weight '{weight.Name}' has shape [{string.Join(", ", weight.Shape)}]; a matrix is needed");
        var (inputs, outputs) = (weight.Shape[0], weight.Shape[1]);
        var turned = new float[weight.Values.Length];
        for (var i = 0; i < inputs; i++)
        {
            for (var o = 0; o < outputs; o++)
                turned[(o * inputs) + i] = weight.Values[(i * outputs) + o];
        }
        return new FloatTensor(weight.Name, [outputs, inputs], turned);
    }

    // Networks for classification reshape only to take the map apart into a vector; anything else would lose where neurons look.
    private int Reshape(OnnxNode node, string name, int x)
    {
        var shape = _graph.Shape(x);
        long[] from = shape.IsVector ? [1, shape.Channels] : [1, shape.Channels, shape.Height, shape.Width];
        var to = OnnxFolding.ReshapedTo(node, from, InputConstant(node)) ?? throw new OperatorNotSupportedException(name, node.OpType, "a shape that is computed from values");
        if (to.SequenceEqual(from))
            return x;
        return to.Length == 2 && to[0] == 1 && to[1] == shape.Count ? AsVector(name, x)
            : throw new OperatorNotSupportedException(name, node.OpType, $"[N, {string.Join(", ", from[1..])}] to [{string.Join(", ", to)}]");
    }

    private int Pad(OnnxNode node, string name, int x)
    {
        var pads = node.GetInts("pads") ?? InputConstant(node)(1)?.Longs;
        var value = node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? OptionalWeight(node, 2)!.Values[0] : node.GetFloat("value", 0);
        if (node.GetText("mode", "constant") != "constant" || value != 0 || pads is not { Count: 8 } || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0
            || pads.Any(pad => pad is < 0 or > 1 << 20))
        {
            throw new OperatorNotSupportedException(name, "Pad", "anything but zeros around height and width");
        }
        return _graph.Add(name, new ZeroPad(new Window(new WindowAxis(1, 1, (int)pads[2], (int)pads[6]), new WindowAxis(1, 1, (int)pads[3], (int)pads[7]))), x);
    }
}
