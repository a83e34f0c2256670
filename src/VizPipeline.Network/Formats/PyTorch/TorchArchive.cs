using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>The zip file that torch.save writes: a pickle in NAME/data.pkl, and each storage's numbers in NAME/data/KEY.</summary>
internal sealed class TorchArchive : TorchFile
{
    private const string PickleName = "data.pkl";

    private readonly ZipFileReader _zip;
    private readonly string _folder;

    private TorchArchive(ByteSource source) : base(source)
    {
        _zip = ZipFileReader.Open(source);
        try
        {
            _folder = FindFolder();
            CheckByteOrder();
            var pickle = _zip.ReadAll(_folder + PickleName, Math.Min(LargestPickle, source.Length));
            Root = Unpickler.Read(new PickleBytes(ByteSource.FromMemory(pickle, source.Name), 0, LargestPickle));
        }
        catch
        {
            _zip.Dispose();
            throw;
        }
    }

    public override object? Root { get; }

    public static new TorchArchive Open(ByteSource source) => new(source);

    public override float[] ReadStorage(StorageRef storage, ElementType type)
    {
        var entry = $"{_folder}data/{storage.Key}";
        if (!_zip.Contains(entry))
        {
            throw new ModelFormatException(
                Source.Name, $"lacks the storage '{storage.Key}'", "it is damaged or incomplete: fetch it again");
        }
        var expected = storage.Bytes;
        if (_zip.LengthOf(entry) != expected)
        {
            throw new ModelFormatException(
                Source.Name, $"has {_zip.LengthOf(entry)} bytes in storage '{storage.Key}', which should have {expected}");
        }
        CheckArray(storage, type);
        // torch.save does not compress, so a larger claim is an attempt to make a small file fill the memory.
        if (expected > Source.Length)
        {
            throw new ModelFormatException(
                Source.Name, $"has storage '{storage.Key}' unpack to {expected} bytes, more than the file's {Source.Length}");
        }
        return _zip.Read(entry, stream => Elements.ReadFloats(type, (int)(expected / type.Size()), stream.ReadExactly));
    }

    public override void Dispose()
    {
        _zip.Dispose();
        base.Dispose();
    }

    private string FindFolder()
    {
        var pickles = _zip.Names.Where(name => name == PickleName || name.EndsWith('/' + PickleName)).ToList();
        var found = pickles.Count == 1
            ? pickles[0][..^PickleName.Length]
            : throw new ModelFormatException(
                Source.Name, $"is a zip with {pickles.Count} parts named {PickleName}; a PyTorch file has one");
        return _zip.Contains(found + "constants.pkl")
            ? throw new ModelFormatException(
                Source.Name,
                "is a TorchScript program, which is code",
                "save its weights with torch.save(model.state_dict(), path), or export the network to ONNX")
            : found;
    }

    private void CheckByteOrder()
    {
        if (_zip.Contains(_folder + "byteorder")
            && Encoding.ASCII.GetString(_zip.ReadAll(_folder + "byteorder", 64)) is var order && order != "little")
            throw new ModelFormatException(
                Source.Name, $"stores its numbers in byte order '{order}'", "save it again on a little-endian machine");
    }
}
