namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>A file that torch.save wrote: a pickle and the numbers of the storages that it refers to. There are two formats.</summary>
internal abstract class TorchFile(ByteSource source) : IDisposable
{
    /// <summary>
    /// Maximum size of a pickle in bytes. It holds names and shapes, not numbers: a very large model's has a few megabytes.
    /// </summary>
    protected const int LargestPickle = 64 << 20;

    protected ByteSource Source { get; } = source;

    /// <summary>The object that the pickle builds.</summary>
    public abstract object? Root { get; }

    public static TorchFile Open(ByteSource source) =>
        LegacyTorchFile.IsLegacy(source.Start(LegacyTorchFile.StartBytes)) ? new LegacyTorchFile(source) : TorchArchive.Open(source);

    /// <summary>Reads a storage's numbers and converts them while reading.</summary>
    public abstract float[] ReadStorage(StorageRef storage, ElementType type);

    public virtual void Dispose()
    {
    }

    protected void CheckArray(StorageRef storage, ElementType type)
    {
        if (storage.Bytes / type.Size() * sizeof(float) > Array.MaxLength)
            throw new ModelFormatException(Source.Name, $"has storage '{storage.Key}' of more than 2 GB");
    }
}
