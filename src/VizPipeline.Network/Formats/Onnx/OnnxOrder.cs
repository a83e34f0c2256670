namespace VizPipeline.Network.Formats.Onnx;

/// <summary>Sorts nodes so that every value is written before it is read. Nodes that are already in such an order keep it.</summary>
internal sealed class OnnxOrder
{
    private readonly string _file;
    private readonly IReadOnlyList<OnnxNode> _nodes;
    private readonly Dictionary<string, int> _writers = new(StringComparer.Ordinal);

    private OnnxOrder(string file, IReadOnlyList<OnnxNode> nodes)
    {
        this._file = file;
        this._nodes = nodes;
    }

    /// <summary>Sorts the nodes and checks that each value is written once and that there is no cycle.</summary>
    /// <param name="file">The file's name in messages.</param>
    /// <param name="nodes">The nodes in file order.</param>
    /// <param name="given">Names of values that no node writes: inputs and constants.</param>
    /// <param name="wanted">Names of the network's outputs.</param>
    public static IReadOnlyList<OnnxNode> Sort(
        string file, IReadOnlyList<OnnxNode> nodes, IReadOnlySet<string> given, IEnumerable<string> wanted)
    {
        var order = new OnnxOrder(file, nodes);
        order.FindWriters(given);
        if (wanted.FirstOrDefault(name => !given.Contains(name) && !order._writers.ContainsKey(name)) is { } missing)
            throw new ModelFormatException(file, $"has an output '{missing}' that no node writes");
        return order.Sort(given);
    }

    private void FindWriters(IReadOnlySet<string> given)
    {
        for (var i = 0; i < _nodes.Count; i++)
        {
            foreach (var output in _nodes[i].Outputs.Where(output => output.Length > 0))
            {
                if (given.Contains(output) || !_writers.TryAdd(output, i))
                    throw new ModelFormatException(_file, $"has node {_nodes[i]} write '{output}', which is already defined");
            }
        }
    }

    private List<OnnxNode> Sort(IReadOnlySet<string> given)
    {
        var readers = new List<int>[_nodes.Count];
        var missing = new int[_nodes.Count];
        var ready = new PriorityQueue<int, int>();
        for (var i = 0; i < _nodes.Count; i++)
        {
            foreach (var writer in Needs(_nodes[i], given))
            {
                (readers[writer] ??= []).Add(i);
                missing[i]++;
            }
            if (missing[i] == 0)
                ready.Enqueue(i, i);
        }
        var sorted = new List<OnnxNode>(_nodes.Count);
        while (ready.TryDequeue(out var next, out _))
        {
            sorted.Add(_nodes[next]);
            foreach (var reader in readers[next] ?? [])
            {
                if (--missing[reader] == 0)
                    ready.Enqueue(reader, reader);
            }
        }
        if (sorted.Count < _nodes.Count)
        {
            throw new ModelFormatException(
                _file, $"has a cycle: node {_nodes[Array.FindIndex(missing, count => count > 0)]} depends on its own result");
        }
        return sorted;
    }

    private IEnumerable<int> Needs(OnnxNode node, IReadOnlySet<string> given)
    {
        foreach (var input in node.Inputs.Where(input => input.Length > 0 && !given.Contains(input)))
        {
            yield return _writers.TryGetValue(input, out var writer)
                ? writer
                : throw new ModelFormatException(_file, $"has node {node} read '{input}', which no node writes");
        }
    }
}
