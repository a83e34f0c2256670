namespace VizPipeline.Network.Formats.PyTorch;

// What a pickle of ours may hold, beside null, bool, long, double, string and byte[]. Plain classes, not records: a hostile
// pickle can nest and share values so that comparing, hashing or printing them would never end.

/// <summary>A list, set or frozen set: nobody here asks which.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A dict or OrderedDict: pairs in insertion order. Keys are not hashed (see above), so later pairs may repeat them.</summary>
internal sealed class PickleDict
{
    private readonly List<KeyValuePair<object?, object?>> _pairs = [];

    public IReadOnlyList<KeyValuePair<object?, object?>> Pairs => _pairs;

    /// <summary>Whether all keys are text. Kept as pairs come: a hostile pickle may ask any number of times.</summary>
    public bool HasTextKeys { get; private set; } = true;

    public void Add(object? key, object? value)
    {
        HasTextKeys &= key is string;
        _pairs.Add(new(key, value));
    }

    /// <summary>The value that a text key was given last, as in Python.</summary>
    public object? Find(string key)
    {
        for (var i = _pairs.Count - 1; i >= 0; i--)
        {
            if (_pairs[i].Key is string found && found == key)
                return _pairs[i].Value;
        }
        return null;
    }
}

/// <summary>A name of Python that is on the list of known ones. It is never imported.</summary>
internal sealed class PickleGlobal(string name, bool isInert = false)
{
    public string Name { get; } = name;

    /// <summary>Whether whatever it makes is stepped over as <see cref="PickleInert"/>.</summary>
    public bool IsInert { get; } = isInert;
}

/// <summary>Something that training scripts put beside the weights and that no weight needs: command-line arguments, NumPy's numbers, paths.</summary>
internal sealed class PickleInert
{
    public static PickleInert Instance { get; } = new();

    private PickleInert()
    {
    }
}

/// <summary>A type of number, as <c>torch.float32</c>.</summary>
internal sealed class TorchType(ElementType type)
{
    public ElementType Type { get; } = type;
}

/// <summary>A type of storage, as <c>torch.FloatStorage</c>; no number type for untyped bytes.</summary>
internal sealed class StorageType(ElementType? type)
{
    public ElementType? Type { get; } = type;
}

/// <summary>A storage: numbers in a file of their own inside the zip, or behind the pickles of an old file.</summary>
internal sealed class StorageRef(string key, ElementType? type, long count, long start = 0)
{
    public string Key { get; } = key;

    /// <summary>Null for untyped storages, whose tensors know.</summary>
    public ElementType? Type { get; } = type;

    /// <summary>Elements of the type; bytes where there is none.</summary>
    public long Count { get; } = count;

    /// <summary>First element of what the pickle names, where that is a part of the storage (files before version 0.4).</summary>
    public long Start { get; } = start;

    /// <summary>Bytes in the file.</summary>
    public Int128 Bytes => (Int128)Count * (Type?.Size() ?? 1);
}
