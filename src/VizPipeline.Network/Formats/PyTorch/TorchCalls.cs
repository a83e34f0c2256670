namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>What the few known functions of a state dict would return: containers and tensors, made from checked arguments.</summary>
internal sealed class TorchCalls(string file, StorageList? references = null)
{
    /// <summary>Stands for calling <paramref name="function"/>.</summary>
    public object? Call(PickleGlobal function, object?[] arguments) => function.IsInert ? PickleInert.Instance : Call(function.Name, arguments);

    private object? Call(string function, object?[] arguments) => function switch
    {
        TorchGlobals.OrderedDict when arguments.Length == 0 => new PickleDict(),
        // Python 2 gives the pairs as a list of lists.
        TorchGlobals.OrderedDict when arguments is [PickleList pairs] => OfPairs(pairs),
        TorchGlobals.Size when arguments is [PickleTuple sizes] => sizes,
        TorchGlobals.Device => null,
        TorchGlobals.RebuildTensor when arguments.Length == 4 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor2 when arguments.Length is 6 or 7 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor3 when arguments.Length is 7 or 8 && arguments[6] is TorchType type => Tensor(arguments, type.Type),
        TorchGlobals.RebuildParameter or TorchGlobals.RebuildParameterWithState when arguments is [TensorView tensor, ..] => tensor,
        // A tensor with attributes: the plain one is made by the function that is the first argument.
        TorchGlobals.RebuildFromType when arguments is [PickleGlobal { Name: var rebuild }, PickleGlobal, PickleTuple inner, ..] && IsRebuild(rebuild) => Call(rebuild, inner.Items),
        "builtins.set" or "builtins.frozenset" or "__builtin__.set" or "__builtin__.frozenset" when arguments is [PickleList items] => items,
        _ => throw Wrong($"calls {function} with arguments that do not fit"),
    };

    /// <summary>Stands for loading what a persistent id names: ('storage', type, key, place, count), and in old files a part of it, (key, start, count).</summary>
    public object Persistent(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", StorageType type, string key, string, long count, .. var rest] })
            throw Wrong("refers to something outside that is not a storage");
        if (count < 0)
            throw Wrong("has a storage of negative size");
        var storage = rest switch
        {
            [] or [null] => new StorageRef(key, type.Type, count),
            [PickleTuple { Items: [string, long start, long length] }] when start >= 0 && length >= 0 && start <= count - length => new StorageRef(key, type.Type, count, start),
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
                _ => throw Wrong("has an OrderedDict of something other than pairs"),
            };
            dict.Add(key, value);
        }
        // Moved, not copied: a list in the memo could be made into any number of dicts.
        pairs.Items.Clear();
        return dict;
    }

    private TensorView Tensor(object?[] arguments, ElementType? declared)
    {
        if (arguments is not [StorageRef storage, long offset, PickleTuple sizes, PickleTuple strides, ..])
            throw Wrong("has a tensor without storage, offset, size and stride");
        if ((declared ?? storage.Type) is not { } type || (storage.Type is not null && storage.Type != type))
            throw Wrong("has a tensor whose type of numbers is not clear");
        if (offset < 0 || offset > long.MaxValue - storage.Start)
            throw Wrong("has a tensor that begins outside of its storage");
        var (view, problem) = TensorView.Create(storage, type, offset + storage.Start, Longs(sizes), Longs(strides));
        return view ?? throw Wrong($"has a tensor with {problem}");
    }

    private long[] Longs(PickleTuple tuple)
        => [.. tuple.Items.Select(item => item is long number ? number : throw Wrong("has a tensor whose size or stride is not a whole number"))];

    private ModelFormatException Wrong(string problem) => new(file, problem, "it is damaged or no plain state dict");
}
