namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>The storages that a pickle refers to. All references to one key must agree on its type and size.</summary>
internal sealed class StorageList
{
    private readonly Dictionary<string, StorageRef> _byKey = new(StringComparer.Ordinal);

    public StorageRef? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Records a reference; returns false if an earlier one contradicts it.</summary>
    public bool TryAdd(StorageRef storage) =>
        _byKey.TryAdd(storage.Key, storage) || _byKey[storage.Key] is var known
            && (known.Type, known.Count) == (storage.Type, storage.Count);
}
