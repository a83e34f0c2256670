namespace VizPipeline.Network.Formats.PyTorch;

// The values that a pickle may contain besides null, bool, long, double, string and byte[]. These are plain classes, not records: a hostile
// pickle can nest and share values so that comparing, hashing or printing them would never end.

/// <summary>A list, set or frozen set; the difference does not matter here.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A dict or OrderedDict: pairs in insertion order. Keys are not hashed (see above), so a key may occur several times.</summary>
internal sealed class PickleDict
{
    private readonly List<KeyValuePair<object?, object?>> _pairs = [];

    public IReadOnlyList<KeyValuePair<object?, object?>> Pairs => _pairs;

    /// <summary>Whether all keys are text. Updated with every pair, because a hostile pickle may ask any number of times.</summary>
    public bool HasTextKeys { get; private set; } = true;

    public void Add(object? key, object? value)
    {
        HasTextKeys &= key is string;
        _pairs.Add(new(key, value));
    }

    /// <summary>Returns the last value of a text key, as in Python.</summary>
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

/// <summary>A Python name from the list of known ones. It is never imported.</summary>
internal sealed class PickleGlobal(string name, bool isInert = false)
{
    public string Name { get; } = name;

    /// <summary>Whether anything that it creates is skipped as <see cref="PickleInert"/>.</summary>
    public bool IsInert { get; } = isInert;
}

/// <summary>
/// Data that training scripts store next to the weights and no weight needs: command-line arguments, NumPy scalars, paths.
/// </summary>
internal sealed class PickleInert
{
    public static PickleInert Instance { get; } = new();

    private PickleInert()
    {
    }
}

/// <summary>A number type such as <c>torch.float32</c>.</summary>
internal sealed class TorchType(ElementType type)
{
    public ElementType Type { get; } = type;
}

/// <summary>A storage type such as <c>torch.FloatStorage</c>; has no number type for untyped bytes.</summary>
internal sealed class StorageType(ElementType? type)
{
    public ElementType? Type { get; } = type;
}

/// <summary>A storage: numbers in a separate file inside the zip, or after the pickles of an old file.</summary>
internal sealed class StorageRef(string key, ElementType? type, long count, long start = 0)
{
    public string Key { get; } = key;

    /// <summary>Number type; null for untyped storages, whose tensors give it.</summary>
    public ElementType? Type { get; } = type;

    /// <summary>Number of elements; of bytes for an untyped storage.</summary>
    public long Count { get; } = count;

    /// <summary>First element that the pickle refers to, if it refers to a part of the storage (files before version 0.4).</summary>
    public long Start { get; } = start;

    /// <summary>Size in the file in bytes.</summary>
    public Int128 Bytes => (Int128)Count * (Type?.Size() ?? 1);
}
