using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>The zip that torch.save writes: a pickle in NAME/data.pkl, and each storage's numbers in NAME/data/KEY.</summary>
internal sealed class TorchArchive : IDisposable
{
    private const string PickleName = "data.pkl";

    // A pickle holds names and shapes, not numbers: that of a very large model has a few megabytes.
    private const long LargestPickle = 64 << 20;

    private readonly ByteSource source;
    private readonly ZipFileReader zip;
    private readonly string folder;

    private TorchArchive(ByteSource source)
    {
        this.source = source;
        zip = ZipFileReader.Open(source);
        try
        {
            folder = FindFolder();
            CheckByteOrder();
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    }

    public static TorchArchive Open(ByteSource source) => new(source);

    public object? ReadPickle() => Unpickler.Read(zip.ReadAll(folder + PickleName, Math.Min(LargestPickle, source.Length)), source.Name);

    /// <summary>A storage's numbers, converted while they are read.</summary>
    public float[] ReadStorage(StorageRef storage, ElementType type)
    {
        var entry = $"{folder}data/{storage.Key}";
        if (!zip.Contains(entry))
            throw new ModelFormatException(source.Name, $"lacks the storage '{storage.Key}'", "it is damaged or incomplete: fetch it again");
        var expected = (Int128)storage.Count * (storage.Type?.Size() ?? 1);
        if (zip.LengthOf(entry) != expected)
            throw new ModelFormatException(source.Name, $"has {zip.LengthOf(entry)} bytes in storage '{storage.Key}', which should have {expected}");
        if (expected / type.Size() * sizeof(float) > Array.MaxLength)
            throw new ModelFormatException(source.Name, $"has storage '{storage.Key}' of more than 2 GB");
        // torch.save does not compress, so this is somebody's attempt to make a small file fill the memory.
        if (expected > source.Length)
            throw new ModelFormatException(source.Name, $"has storage '{storage.Key}' unpack to {expected} bytes, more than the file's {source.Length}");
        return zip.Read(entry, stream => Elements.ReadFloats(type, (int)(expected / type.Size()), stream.ReadExactly));
    }

    public void Dispose() => zip.Dispose();

    private string FindFolder()
    {
        var pickles = zip.Names.Where(name => name == PickleName || name.EndsWith('/' + PickleName)).ToList();
        var found = pickles.Count == 1
            ? pickles[0][..^PickleName.Length]
            : throw new ModelFormatException(source.Name, $"is a zip with {pickles.Count} parts named {PickleName}; a PyTorch file has one");
        return zip.Contains(found + "constants.pkl")
            ? throw new ModelFormatException(source.Name, "is a TorchScript program, which is code", "save its weights with torch.save(model.state_dict(), path), or export the network to ONNX")
            : found;
    }

    private void CheckByteOrder()
    {
        if (zip.Contains(folder + "byteorder") && Encoding.ASCII.GetString(zip.ReadAll(folder + "byteorder", 64)) is var order && order != "little")
            throw new ModelFormatException(source.Name, $"stores its numbers in byte order '{order}'", "save it again on a little-endian machine");
    }
}
