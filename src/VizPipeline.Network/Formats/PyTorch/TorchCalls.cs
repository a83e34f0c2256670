namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>Computes what the few known functions of a state dict would return: containers and tensors, from checked arguments.</summary>
internal sealed class TorchCalls(string file, StorageList? references = null)
{
    /// <summary>Returns the result of calling <paramref name="function"/>.</summary>
    public object? Call(PickleGlobal function, object?[] arguments) =>
        function.IsInert ? new PickleInert(function.Name).Given(arguments) : Call(function.Name, arguments);

    private object? Call(string function, object?[] arguments) => function switch
    {
        TorchGlobals.OrderedDict when arguments.Length == 0 => new PickleDict(),
        // Its argument creates missing values and is only a name here.
        TorchGlobals.DefaultDict when arguments.Length <= 1 => new PickleDict(),
        // Python 2 writes the pairs as a list of lists.
        TorchGlobals.OrderedDict when arguments is [PickleList pairs] => OfPairs(pairs),
        TorchGlobals.Size when arguments is [PickleTuple sizes] => sizes,
        TorchGlobals.Device => null,
        TorchGlobals.RebuildTensor when arguments.Length == 4 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor2 when arguments.Length is 6 or 7 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor3 when arguments.Length is 7 or 8 && arguments[6] is TorchType type => Tensor(arguments, type.Type),
        TorchGlobals.RebuildParameter or TorchGlobals.RebuildParameterWithState when arguments is [TensorView tensor, ..] => tensor,
        // A tensor with attributes: the function in the first argument creates the plain tensor.
        TorchGlobals.RebuildFromType when arguments is [PickleGlobal { Name: var rebuild }, PickleGlobal, PickleTuple inner, ..]
            && IsRebuild(rebuild) => Call(rebuild, inner.Items),
        // A tensor of something unknown, such as a quantised parameter, is as unknown.
        _ when IsRebuild(function) && arguments is [PickleInert unknown, ..] => unknown,
        TorchGlobals.RebuildFromType when arguments is [PickleGlobal { Name: var rebuild }, ..] =>
            new PickleInert(rebuild, hasNumbers: true),
        "builtins.set" or "builtins.frozenset" or "__builtin__.set" or "__builtin__.frozenset" when arguments is [PickleList items] =>
            items,
        _ => throw Wrong($"calls {function} with unexpected arguments"),
    };

    /// <summary>
    /// Resolves a persistent id: ('storage', type, key, place, count) and, in old files, a part of the storage, (key, start, count).
    /// </summary>
    public object Persistent(object? id)
    {
        // Old files keep the source of a whole network's class, ('module', class, file, source).
        if (id is PickleTuple { Items: ["module", PickleGlobal network, ..] })
            return network;
        if (id is not PickleTuple { Items: ["storage", StorageType type, string key, string, long count, .. var rest] })
            throw Wrong("has a persistent reference that is not a storage");
        if (count < 0)
            throw Wrong("has a storage of negative size");
        var storage = rest switch
        {
            [] or [null] => new StorageRef(key, type.Type, count),
            [PickleTuple { Items: [string, long start, long length] }] when start >= 0 && length >= 0 && start <= count - length =>
                new StorageRef(key, type.Type, count, start),
            _ => throw Wrong("has a part of a storage that lies outside of it"),
        };
        return references?.TryAdd(storage) is false ? throw Wrong($"has a storage '{key}' of two types or sizes") : storage;
    }

    private static bool IsRebuild(string function) => function is TorchGlobals.RebuildTensor or TorchGlobals.RebuildTensor2
        or TorchGlobals.RebuildTensor3 or TorchGlobals.RebuildParameter or TorchGlobals.RebuildParameterWithState;

    private PickleDict OfPairs(PickleList pairs)
    {
        var dict = new PickleDict();
        foreach (var pair in pairs.Items)
        {
            var (key, value) = pair switch
            {
                PickleList { Items: [var first, var second] } => (first, second),
                PickleTuple { Items: [var first, var second] } => (first, second),
                _ => throw Wrong("has an OrderedDict that is not made of pairs"),
            };
            dict.Add(key, value);
        }
        // Moved, not copied: otherwise one list in the memo could be turned into any number of dicts.
        pairs.Items.Clear();
        return dict;
    }

    private TensorView Tensor(object?[] arguments, ElementType? declared)
    {
        if (arguments is not [StorageRef storage, long offset, PickleTuple sizes, PickleTuple strides, ..])
            throw Wrong("has a tensor without storage, offset, size and stride");
        if ((declared ?? storage.Type) is not { } type || (storage.Type is not null && storage.Type != type))
            throw Wrong("has a tensor of unknown number type");
        if (offset < 0 || offset > long.MaxValue - storage.Start)
            throw Wrong("has a tensor that begins outside of its storage");
        var (view, problem) = TensorView.Create(storage, type, offset + storage.Start, Longs(sizes), Longs(strides));
        return view ?? throw Wrong($"has a tensor with {problem}");
    }

    private long[] Longs(PickleTuple tuple)
        => [.. tuple.Items.Select(
            item => item is long number ? number : throw Wrong("has a tensor whose size or stride is not an integer"))];

    private ModelFormatException Wrong(string problem) => new(file, problem, "it is damaged or not a plain state dict");
}
