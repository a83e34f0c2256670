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

/// <summary>A Python name. It is never imported.</summary>
internal sealed class PickleGlobal(string name, bool isInert = false)
{
    public string Name { get; } = name;

    /// <summary>Whether it is not a known one. What it creates is a <see cref="PickleInert"/>.</summary>
    public bool IsInert { get; } = isInert;
}

/// <summary>
/// An object of a class that is not known here: a scheduler's counter, command-line arguments, a NumPy array. It was not created and holds
/// nothing but its name.
/// </summary>
/// <param name="name">Name of the class or function.</param>
/// <param name="hasNumbers">Whether it was to be made from numbers of the file, so that it may be a weight.</param>
internal sealed class PickleInert(string name, bool hasNumbers = false)
{
    private const int MostLookedAt = 8;

    public string Name { get; } = name;

    public bool HasNumbers { get; private set; } = hasNumbers;

    /// <summary>
    /// What it was given, if it is a dict of a class of its own; a state dict may be one. What else was added to it is dropped.
    /// </summary>
    public PickleDict? Items { get; set; }

    /// <summary>
    /// Steps over values that it was made from or given. Only looks at the first few and not into them: a hostile pickle may give the same
    /// long or nested list any number of times.
    /// </summary>
    public PickleInert Given(IReadOnlyList<object?> values)
    {
        for (var i = 0; i < Math.Min(values.Count, MostLookedAt); i++)
            HasNumbers |= values[i] is StorageRef or TensorView or PickleInert { HasNumbers: true };
        return this;
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
