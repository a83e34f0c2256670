namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>What the few known functions of a state dict would return: containers and tensors, made from checked arguments.</summary>
internal sealed class TorchCalls(string file)
{
    /// <summary>Stands for calling <paramref name="function"/>.</summary>
    public object? Call(string function, object?[] arguments) => function switch
    {
        TorchGlobals.OrderedDict when arguments.Length == 0 => new PickleDict(),
        TorchGlobals.Size when arguments is [PickleTuple sizes] => sizes,
        TorchGlobals.Device => null,
        TorchGlobals.RebuildTensor when arguments.Length == 4 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor2 when arguments.Length is 6 or 7 => Tensor(arguments, null),
        TorchGlobals.RebuildTensor3 when arguments.Length is 7 or 8 && arguments[6] is TorchType type => Tensor(arguments, type.Type),
        TorchGlobals.RebuildParameter or TorchGlobals.RebuildParameterWithState when arguments is [TensorView tensor, ..] => tensor,
        "builtins.set" or "builtins.frozenset" or "__builtin__.set" or "__builtin__.frozenset" when arguments is [PickleList items] => items,
        _ => throw Wrong($"calls {function} with arguments that do not fit"),
    };

    /// <summary>Stands for loading what a persistent id names: ('storage', type, key, place, count).</summary>
    public object Persistent(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", StorageType type, string key, string, long count, ..] })
            throw Wrong("refers to something outside that is not a storage");
        if (count < 0)
            throw Wrong("has a storage of negative size");
        return new StorageRef(key, type.Type, count);
    }

    private TensorView Tensor(object?[] arguments, ElementType? declared)
    {
        if (arguments is not [StorageRef storage, long offset, PickleTuple sizes, PickleTuple strides, ..])
            throw Wrong("has a tensor without storage, offset, size and stride");
        if ((declared ?? storage.Type) is not { } type || (storage.Type is not null && storage.Type != type))
            throw Wrong("has a tensor whose type of numbers is not clear");
        var (view, problem) = TensorView.Create(storage, type, offset, Longs(sizes), Longs(strides));
        return view ?? throw Wrong($"has a tensor with {problem}");
    }

    private long[] Longs(PickleTuple tuple)
        => [.. tuple.Items.Select(item => item is long number ? number : throw Wrong("has a tensor whose size or stride is not a whole number"))];

    private ModelFormatException Wrong(string problem) => new(file, problem, "it is damaged or no plain state dict");
}
