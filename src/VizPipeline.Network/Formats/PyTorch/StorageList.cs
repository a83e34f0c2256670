namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>The storages that a pickle refers to. All references to one key must agree on its type and size.</summary>
internal sealed class StorageList
{
    private readonly Dictionary<string, StorageRef> byKey = new(StringComparer.Ordinal);

    public StorageRef? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>Records a reference; returns false if an earlier one contradicts it.</summary>
    public bool TryAdd(StorageRef storage) =>
        byKey.TryAdd(storage.Key, storage) || byKey[storage.Key] is var known && (known.Type, known.Count) == (storage.Type, storage.Count);
}
