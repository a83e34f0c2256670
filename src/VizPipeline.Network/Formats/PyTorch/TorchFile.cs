namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>What torch.save wrote: a pickle, and the numbers of the storages that it names. Two formats have been in use.</summary>
internal abstract class TorchFile(ByteSource source) : IDisposable
{
    /// <summary>A pickle holds names and shapes, not numbers: that of a very large model has a few megabytes.</summary>
    protected const int LargestPickle = 64 << 20;

    protected ByteSource Source { get; } = source;

    /// <summary>What the pickle builds.</summary>
    public abstract object? Root { get; }

    public static TorchFile Open(ByteSource source) =>
        LegacyTorchFile.IsLegacy(source.Start(LegacyTorchFile.StartBytes)) ? new LegacyTorchFile(source) : TorchArchive.Open(source);

    /// <summary>A storage's numbers, converted while they are read.</summary>
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
