using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>
/// Builds a network from an ONNX file (operator sets 7 to 25). Nodes that read only constants are evaluated during the import, for a batch
/// of one; patterns that stand for one operator are replaced by it (<see cref="OnnxFusion"/>); layout changes are tracked symbolically
/// (<see cref="OnnxView"/>).
/// </summary>
internal sealed partial class OnnxImporter
{
    private const int OldestOpset = 7;
    private const int NewestOpset = 25;
    private const int MostClasses = 1 << 20;
    private const int MostNamed = 5;

    // What may follow a softmax at the end, besides what reads its values.
    private static readonly HashSet<string> AfterLogits =
    [
        "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "QuantizeLinear", "DequantizeLinear", "ArgMax", "TopK",
    ];

    private readonly OnnxFile _file;
    private readonly GraphBuilder _graph;
    private readonly OnnxConstantFolding _folding;
    private readonly IReadOnlyList<OnnxNode> _nodes;
    private readonly Dictionary<string, OnnxView> _values = [];
    private readonly Dictionary<string, OnnxConstant> _constants = [];
    private readonly Dictionary<string, (double Scale, long Zero)> _quantised = [];
    private readonly Dictionary<int, List<string>> _names = [];
    private readonly ILookup<string, OnnxNode> _readers;
    private readonly Dictionary<string, int> _lastReader = [];
    private readonly HashSet<string> _outputs;
    private readonly HashSet<string> _lost = [];
    private readonly List<OnnxNode> _left = [];
    private readonly HashSet<int> _frontier = [];
    private readonly int _batch;
    private OperatorNotSupportedException? _refusal;
    private int _at;

    private OnnxImporter(OnnxFile file, (int Height, int Width)? size)
    {
        _file = file;
        if (Opset < OldestOpset)
            throw new ModelFormatException(file.Path, $"uses operator set {Opset}", $"export it with operator set {OldestOpset} or newer");
        if (Opset > NewestOpset)
        {
            throw new ModelFormatException(
                file.Path, $"uses operator set {Opset}, newer than {NewestOpset}", "export it with operator set 18");
        }
        var input = file.Inputs.Count == 1
            ? file.Inputs[0]
            : throw new ModelFormatException(
                file.Path, $"has {file.Inputs.Count} inputs", "VizPipeline reads networks with one image input");
        foreach (var (name, tensor) in file.Initializers)
            _constants[name] = OnnxConstant.From(tensor);
        _folding = new OnnxConstantFolding(_constants.Values.Sum(constant => (long)constant.Count));
        _outputs = [.. file.Outputs.Select(output => output.Name).Where(name => !_constants.ContainsKey(name))];
        _nodes = OnnxFusion.Fuse(FoldConstants(file.Nodes), _constants, _outputs);
        _readers = _nodes.SelectMany(node => node.Inputs.Select(input => (Input: input, Node: node)))
            .ToLookup(pair => pair.Input, pair => pair.Node);
        for (var i = 0; i < _nodes.Count; i++)
        {
            foreach (var read in _nodes[i].Inputs)
                _lastReader[read] = i;
        }
        (_batch, var shape, var channelsLast) = InputShape(input, size);
        _graph = new GraphBuilder(shape, input.Name) { TakesBytes = input.Type == ElementType.U8 };
        _values[input.Name] = channelsLast ? OnnxView.ChannelsLast(GraphBuilder.Input, shape) : OnnxView.Natural(GraphBuilder.Input, shape);
    }

    private long Opset => _file.Opsets[""];

    /// <summary>
    /// Reads <paramref name="path"/>; <paramref name="size"/> overrides the input's height and width, or supplies missing ones.
    /// </summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="GraphException">Operators are unsupported or inconsistent.</exception>
    public static NetworkGraph Read(string path, (int Height, int Width)? size)
    {
        var file = OnnxFile.Read(path);
        return new OnnxImporter(file, size).Build(Path.GetFileNameWithoutExtension(path));
    }

    private NetworkGraph Build(string name)
    {
        for (_at = 0; _at < _nodes.Count; _at++)
            ImportOrLeave(_nodes[_at]);
        if (_nodes.Count == 0)
            throw new ModelFormatException(_file.Path, "has no operators between its input and its output");
        var outputs = _outputs.Where(_values.ContainsKey).Select(output => new NetworkEnd(Ordered(_values[output]), output))
            .DistinctBy(output => output.Node).ToList();
        if (outputs.Count == 0 && _left.Count == 0)
            throw new ModelFormatException(_file.Path, "has no output that depends on its input");
        List<NetworkEnd> ends =
            [.. outputs, .. _frontier.Except(outputs.Select(output => output.Node)).Select(node => new NetworkEnd(node))];
        if (_refusal is not null && !ends.Exists(end => end.Node != GraphBuilder.Input))
            throw _refusal;
        var notes = new List<string>();
        var logits = FindLogits(outputs, notes);
        if (_refusal is not null)
            notes.Add(DescribeLeft());
        var last = logits?.Node ?? ends.Max(end => end.Node);
        try
        {
            return _graph.Build(
                name, last, logits is not null, notes,
                [.. ends.Where(end => end.Node != last || (logits is null && end.Name is not null))]);
        }
        catch (GraphException) when (_refusal is not null)
        {
            // What can be read has no layers.
            throw _refusal;
        }
    }

    // The classifier among the outputs. Of several, it must be plain which one it is.
    private NetworkEnd? FindLogits(List<NetworkEnd> outputs, List<string> notes)
    {
        // Several may be the same values: their softmax, and which of them is the largest.
        if (_outputs.Count == 1 || (outputs.Count == 1 && _outputs.All(_values.ContainsKey)))
            return outputs.SingleOrDefault();
        var vectors = outputs.Where(output => _graph.Shape(output.Node) is { IsVector: true } or { Height: 1, Width: 1 }).ToList();
        var logits = outputs.Find(output => output.Name == LayerFinder.OutputName) ?? (vectors.Count == 1 ? vectors[0] : null);
        notes.Add($"the network has {_outputs.Count} outputs, {Some(_outputs)}; "
            + (logits is null ? "none of them is taken for the logits" : $"the logits are '{Plain(logits.Name!)}'"));
        return logits;
    }

    private string DescribeLeft()
    {
        var read = Some(_frontier.Order().Select(node => _graph[node].Name));
        return $"read to {read}; {_left.Count} of {_nodes.Count} nodes, which only lead to outputs that cannot be computed, are left out: "
            + _refusal!.Message;
    }

    private static string Some(IEnumerable<string> names)
    {
        var all = names.Select(name => $"'{Plain(name)}'").ToList();
        return string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? $" and {all.Count - MostNamed} more" : "");
    }

    private static string Plain(string name) => HostileText.OneLine(name, 100);

    // A node that cannot be read is left out with all that needs it. What it reads is an end of the network then.
    private void ImportOrLeave(OnnxNode node)
    {
        var (isLost, count) = (node.Inputs.Any(_lost.Contains), _graph.Count);
        if (!isLost)
        {
            try
            {
                Import(node);
                return;
            }
            catch (OperatorNotSupportedException unsupported)
            {
                _graph.Truncate(count);
                _refusal ??= unsupported;
            }
        }
        _left.Add(node);
        _lost.UnionWith(node.Outputs.Where(output => output.Length > 0));
        foreach (var input in node.Inputs)
        {
            if (_values.TryGetValue(input, out var view) && view.Node != GraphBuilder.Input)
                _frontier.Add(view.Node);
        }
    }

    // Classes, or the channels of a map, may be in another order than the graph's.
    private int Ordered(OnnxView view)
    {
        var (shape, last) = (ShapeOf(view), _nodes[^1]);
        if (shape.Count > MostClasses || !view.StartsWithBatch || view.Places(shape, 1..view.Rank) is not { } places || IsOrdered(places))
            return view.Node;
        return view.Rank switch { 2 => AsVector(last, NameOf(last), view), 4 => AsMap(last, NameOf(last), view), _ => view.Node };
    }

    // Nodes with constant inputs become constants; those that read a computed value's shape wait until it is known.
    private List<OnnxNode> FoldConstants(IEnumerable<OnnxNode> nodes)
    {
        var left = new List<OnnxNode>();
        foreach (var node in nodes)
        {
            if (!ReadsConstantsOnly(node) || !TryFold(node))
                left.Add(node);
        }
        return left;
    }

    private bool ReadsConstantsOnly(OnnxNode node) => node.Inputs.All(input => input.Length == 0 || _constants.ContainsKey(input));

    private bool TryFold(OnnxNode node)
    {
        if (_folding.Fold(node, [.. node.Inputs.Select(input => _constants.GetValueOrDefault(input))]) is not { } values)
            return false;
        for (var i = 0; i < Math.Min(values.Length, node.Outputs.Count); i++)
            _constants[node.Outputs[i]] = values[i];
        return true;
    }

    private (int Batch, Shape Shape, bool ChannelsLast) InputShape(OnnxValue input, (int Height, int Width)? size)
    {
        if (input.Shape is { Count: not 4 } odd)
        {
            throw new ModelFormatException(
                _file.Path, $"has an input of {odd.Count} dimensions",
                "VizPipeline reads networks of images, [N, C, H, W] or [N, H, W, C]");
        }
        int[] shape = [.. input.Shape ?? [-1, -1, -1, -1]];
        var last = OnnxInputLayout.IsChannelsLast(shape, input.Name, _nodes, _constants);
        var (channels, rows, columns) = last ? (shape[3], shape[1], shape[2]) : (shape[1], shape[2], shape[3]);
        var (height, width) = size ?? (rows, columns);
        if (height < 1 || width < 1)
        {
            throw new ModelFormatException(
                _file.Path, "does not declare the size of its input", "give it with --input-size, for example --input-size 224");
        }
        return (Math.Max(1, shape[0]), new Shape(channels < 1 ? 3 : channels, height, width), last);
    }

    private void Import(OnnxNode node)
    {
        var name = NameOf(node);
        if (node.OpType is "Shape" or "Size"
            && node.Domain.Length == 0 && node.Inputs.Count == 1 && _values.TryGetValue(node.Inputs[0], out var asked))
        {
            _constants[node.Outputs[0]] = node.OpType == "Shape"
                ? OnnxConstantFolding.ShapeOf(node, asked.Shape) : new OnnxConstant([], [_graph.Shape(asked.Node).Count]);
            return;
        }
        if (ReadsConstantsOnly(node))
        {
            if (!TryFold(node))
                throw new OperatorNotSupportedException(name, node.OpType, "constant inputs");
            return;
        }
        var results = Convert(node, name);
        if (results.Count == 1 && node.Inputs.Any(_quantised.ContainsKey) && node.OpType is not "DequantizeLinear")
            Requantise(node, name);
        for (var i = 0; i < Math.Min(results.Count, node.Outputs.Count); i++)
        {
            _values[node.Outputs[i]] = results[i];
            if (!_names.TryGetValue(results[i].Node, out var names))
                _names[results[i].Node] = names = [];
            names.Add(node.Outputs[i]);
        }
        // Further outputs (a pool's indices, a dropout's mask) are for training; a node that reads one gets an error.
    }

    private IReadOnlyList<OnnxView> Convert(OnnxNode node, string name)
    {
        if (node.Outputs.Count == 0)
            throw new GraphException(name, $"{node.OpType} has no output");
        return Converters.TryGetValue(TypeOf(node), out var convert)
            ? convert(this, node, name)
            : throw new OperatorNotSupportedException(name, TypeOf(node));
    }

    // The operator's name, after its domain unless that is ONNX's own.
    private static string TypeOf(OnnxNode node) => node.Domain.Length == 0 ? node.OpType : $"{node.Domain}.{node.OpType}";

    private static string NameOf(OnnxNode node) =>
        node.Name.Length > 0 ? node.Name : node.Outputs.FirstOrDefault(output => output.Length > 0) ?? node.OpType;

    private static OperatorNotSupportedException Unsupported(OnnxNode node, string variant) =>
        new(NameOf(node), node.OpType, variant);

    private static bool IsGiven(OnnxNode node, int input) => input < node.Inputs.Count && node.Inputs[input].Length > 0;

    private OnnxView View(OnnxNode node, int input)
    {
        if (!IsGiven(node, input))
            throw new GraphException(NameOf(node), $"{node.OpType} lacks its input {input}");
        return _values.TryGetValue(node.Inputs[input], out var value)
            ? value : throw Unsupported(node, $"'{node.Inputs[input]}' as its input {input}, which is a constant or a second output");
    }

    private OnnxConstant? Constant(OnnxNode node, int input)
    {
        if (!IsGiven(node, input))
            return null;
        return _constants.TryGetValue(node.Inputs[input], out var constant)
            ? constant : throw Unsupported(node, $"an input {input} that is not a constant");
    }

    private IReadOnlyList<OnnxConstant?> Constants(OnnxNode node) => [.. node.Inputs.Select(input => _constants.GetValueOrDefault(input))];

    private FloatTensor Weight(OnnxNode node, int input) =>
        OptionalWeight(node, input) ?? throw new GraphException(NameOf(node), $"{node.OpType} lacks its input {input}");

    private FloatTensor? OptionalWeight(OnnxNode node, int input) => Constant(node, input) is not { } constant ? null
        : constant.Floats ?? throw Unsupported(node, $"an input {input} that is not a constant of floats");

    private double? Number(OnnxNode node, int input) => Constant(node, input) is not { } constant ? null
        : constant.Scalar ?? throw Unsupported(node, $"an input {input} of {constant.Count} numbers instead of one");

    private Shape ShapeOf(OnnxView view) => _graph.Shape(view.Node);

    private OnnxView Natural(int node) => OnnxView.Natural(node, _graph.Shape(node));

    // Whether the current operator is the only reader of the graph's node. Identities and reshapes give one node several names.
    private bool IsReadOnlyHere(int node) => _names.TryGetValue(node, out var names)
        && names.All(name => !_outputs.Contains(name) && _lastReader.GetValueOrDefault(name, -1) <= _at)
            && _nodes[_at].Inputs.Count(names.Contains) == 1;

    // Whether only operators that compute probabilities from logits, or pass them on, follow.
    private bool AtTheEnd(OnnxNode node)
    {
        for (var value = node.Outputs[0]; ;)
        {
            var readers = _readers[value].Take(2).ToList();
            if (readers.Count == 0)
                return true;
            if (readers is not [var next] || !AfterLogits.Contains(next.OpType))
                return false;
            value = next.Outputs[0];
        }
    }
}
