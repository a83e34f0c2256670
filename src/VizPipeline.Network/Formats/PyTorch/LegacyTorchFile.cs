using System.Buffers.Binary;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>
/// The format before PyTorch 1.6, which torch.save still writes with <c>_use_new_zipfile_serialization=False</c>: pickles of a magic
/// number, a version, the machine, the object and the storages' keys, followed by each storage as its element count (8 bytes) and data.
/// </summary>
internal sealed class LegacyTorchFile : TorchFile
{
    /// <summary>Number of leading bytes that <see cref="IsLegacy"/> needs.</summary>
    public const int StartBytes = 32;

    private const long Version = 1001;

    // LONG1 of 10 bytes, 0x1950a86a20f9469cfc6c, and STOP. The pickle's protocol comes before it, and from protocol 4 on also a frame.
    private static readonly byte[] Magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);

    public LegacyTorchFile(ByteSource source) : base(source)
    {
        var start = source.Start(StartBytes);
        var bytes = new PickleBytes(source, start.AsSpan().IndexOf(Magic) + Magic.Length, LargestPickle);
        if (Unpickler.Read(bytes) is not Version)
            throw Wrong("has an unknown version of the old format");
        if (Unpickler.Read(bytes) is PickleDict machine && machine.Find("little_endian") is false)
        {
            throw new ModelFormatException(
                source.Name, "stores its numbers in byte order 'big'", "save it again on a little-endian machine");
        }
        var references = new StorageList();
        Root = Unpickler.Read(bytes, references);
        if (Unpickler.Read(bytes) is not PickleList keys)
            throw Wrong("has no list of its storages");
        Locate(keys, references, bytes.Position);
    }

    public override object? Root { get; }

    /// <summary>Returns whether a file's first bytes are those of this format.</summary>
    public static bool IsLegacy(ReadOnlySpan<byte> start) => start.Length > 0 && start[0] == 0x80 && start.IndexOf(Magic) is > 0 and < 16;

    public override float[] ReadStorage(StorageRef storage, ElementType type)
    {
        if (!_offsets.TryGetValue(storage.Key, out var offset))
        {
            throw new ModelFormatException(
                Source.Name, $"lacks the storage '{storage.Key}'", "it is damaged or incomplete: fetch it again");
        }
        CheckArray(storage, type);
        return Elements.ReadFloats(type, (int)(storage.Bytes / type.Size()), target =>
        {
            Source.Read(offset, target);
            offset += target.Length;
        });
    }

    private void Locate(PickleList keys, StorageList references, long offset)
    {
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (var entry in keys.Items)
        {
            if (entry is not string key || references.Find(key) is not { } storage)
                throw Wrong("lists a storage that no tensor uses");
            Source.Read(offset, count);
            if (BinaryPrimitives.ReadInt64LittleEndian(count) is var found && found != storage.Count)
                throw Wrong($"has {found} elements in storage '{key}', which should have {storage.Count}");
            offset += sizeof(long);
            if (storage.Bytes > Source.Length - offset)
                throw new ModelFormatException(Source.Name, "ends too soon", "it may be a partial download: fetch it again");
            if (!_offsets.TryAdd(key, offset))
                throw Wrong($"lists the storage '{key}' twice");
            offset += (long)storage.Bytes;
        }
    }

    private ModelFormatException Wrong(string problem) => new(Source.Name, problem, "it is damaged or not a PyTorch file");
}
