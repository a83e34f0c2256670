namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>The storages that a pickle names. All references to one key must agree on what it is.</summary>
internal sealed class StorageList
{
    private readonly Dictionary<string, StorageRef> byKey = new(StringComparer.Ordinal);

    public StorageRef? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>Notes a reference; false where an earlier one says otherwise.</summary>
    public bool TryAdd(StorageRef storage) =>
        byKey.TryAdd(storage.Key, storage) || byKey[storage.Key] is var known && (known.Type, known.Count) == (storage.Type, storage.Count);
}
