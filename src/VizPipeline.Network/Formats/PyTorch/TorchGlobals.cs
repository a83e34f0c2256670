namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>
/// The Python names that a state dict needs. In Python, any other name is code that would run; here it is a word without meaning, and what
/// it creates is stepped over.
/// </summary>
internal static class TorchGlobals
{
    public const string OrderedDict = "collections.OrderedDict";
    public const string Size = "torch.Size";
    public const string Device = "torch.device";
    public const string RebuildTensor = "torch._utils._rebuild_tensor";
    public const string RebuildTensor2 = "torch._utils._rebuild_tensor_v2";
    public const string RebuildTensor3 = "torch._utils._rebuild_tensor_v3";
    public const string RebuildParameter = "torch._utils._rebuild_parameter";
    public const string RebuildParameterWithState = "torch._utils._rebuild_parameter_with_state";

    public const string RebuildFromType = "torch._tensor._rebuild_from_type_v2";
    public const string Parameter = "torch.nn.parameter.Parameter";
    public const string PlainTensor = "torch.Tensor";
    public const string DefaultDict = "collections.defaultdict";

    private static readonly HashSet<string> Callable =
    [
        OrderedDict, Size, Device, RebuildTensor, RebuildTensor2, RebuildTensor3, RebuildParameter, RebuildParameterWithState,
        RebuildFromType, Parameter, PlainTensor, DefaultDict, "builtins.set", "builtins.frozenset", "__builtin__.set",
        "__builtin__.frozenset",
    ];

    /// <summary>Returns what a name stands for: a known name, a type, or a global that creates nothing.</summary>
    public static object Find(string module, string name)
    {
        var full = $"{module}.{name}";
        // A dotted name accesses attributes. No known name needs that, and it would allow two spellings of one name.
        return (name.Contains('.') ? null : FindKnown(module, name, full)) ?? new PickleGlobal(full, isInert: true);
    }

    private static object? FindKnown(string module, string name, string full)
    {
        if (Callable.Contains(full))
            return new PickleGlobal(full);
        if (module is "torch" or "torch.storage" or "torch.cuda" && name.EndsWith("Storage", StringComparison.Ordinal))
            return FindStorage(name);
        return module == "torch" && FindType(name) is { } type ? new TorchType(type) : null;
    }

    private static StorageType? FindStorage(string name) => name switch
    {
        "UntypedStorage" => new StorageType(null),
        "FloatStorage" => new StorageType(ElementType.F32),
        "HalfStorage" => new StorageType(ElementType.F16),
        "BFloat16Storage" => new StorageType(ElementType.BF16),
        "DoubleStorage" => new StorageType(ElementType.F64),
        "LongStorage" => new StorageType(ElementType.I64),
        "IntStorage" => new StorageType(ElementType.I32),
        "ShortStorage" => new StorageType(ElementType.I16),
        "CharStorage" => new StorageType(ElementType.I8),
        "ByteStorage" => new StorageType(ElementType.U8),
        "BoolStorage" => new StorageType(ElementType.Bool),
        _ => null,
    };

    private static ElementType? FindType(string name) => name switch
    {
        "float32" => ElementType.F32,
        "float16" => ElementType.F16,
        "bfloat16" => ElementType.BF16,
        "float64" => ElementType.F64,
        "int64" => ElementType.I64,
        "int32" => ElementType.I32,
        "int16" => ElementType.I16,
        "int8" => ElementType.I8,
        "uint64" => ElementType.U64,
        "uint32" => ElementType.U32,
        "uint16" => ElementType.U16,
        "uint8" => ElementType.U8,
        "bool" => ElementType.Bool,
        _ => null,
    };
}
