using System.Runtime.InteropServices;

namespace VizPipeline.Network.Formats.Safetensors;

/// <summary>
/// A safetensors file: a JSON header followed by named tensors. The header is read and checked at once; numbers are read on request,
/// straight into the returned array, so that a large file is never in memory twice.
/// </summary>
public sealed class SafetensorsFile
{
    private readonly ByteSource _source;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsFile(ByteSource source)
    {
        this._source = source;
        var header = SafetensorsHeader.Read(source);
        Entries = header.Entries;
        Metadata = header.Metadata;
        _byName = Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The tensors in file order.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Free-form text from the writer, for example <c>format</c>: <c>pt</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <exception cref="ModelFormatException">The file cannot be read or breaks a rule of the format.</exception>
    public static SafetensorsFile Read(string path) => new(ByteSource.FromFile(path));

    /// <summary>Reads and checks the header of a file that is in memory, for example one from an object store.</summary>
    /// <param name="bytes">The whole file. It must not change while the result is in use.</param>
    /// <param name="name">The file's name in messages.</param>
    /// <exception cref="ModelFormatException">The bytes break a rule of the format.</exception>
    public static SafetensorsFile Read(ReadOnlyMemory<byte> bytes, string name) => new(ByteSource.FromMemory(bytes, name));

    /// <summary>Reads all tensors as float32, in file order.</summary>
    /// <exception cref="ModelFormatException">A tensor is too large for one array.</exception>
    public IReadOnlyDictionary<string, FloatTensor> ReadFloats()
    {
        var tensors = new OrderedDictionary<string, FloatTensor>(Entries.Count, StringComparer.Ordinal);
        foreach (var entry in Entries)
            tensors.Add(entry.Name, ReadFloats(entry.Name));
        return tensors;
    }

    /// <summary>Reads one tensor and converts it to float32.</summary>
    /// <exception cref="ModelFormatException">There is no such tensor, or it is too large for one array.</exception>
    public FloatTensor ReadFloats(string name)
    {
        var entry = Find(name);
        var offset = entry.Offset;
        var values = Elements.ReadFloats(entry.Type, CountOf(entry), target =>
        {
            _source.Read(offset, target);
            offset += target.Length;
        });
        return new FloatTensor(name, [.. entry.Shape], values);
    }

    /// <summary>Reads one tensor's numbers exactly as they are stored.</summary>
    /// <typeparam name="T">The C# type with the same bits: <c>float</c> for F32, <c>Half</c> for F16, <c>byte</c> for U8 and BOOL, and so
    /// on.</typeparam>
    /// <exception cref="ModelFormatException">There is no such tensor, it is stored as another type, or it is too large for one
    /// array.</exception>
    public T[] ReadArray<T>(string name) where T : unmanaged
    {
        var entry = Find(name);
        if (!SafetensorsTypes.Holds<T>(entry.Type))
        {
            throw new ModelFormatException(
                _source.Name,
                $"has tensor '{name}' stored as {SafetensorsTypes.NameOf(entry.Type)}, which cannot be read as {typeof(T).Name}");
        }
        var values = new T[CountOf(entry)];
        _source.Read(entry.Offset, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private SafetensorsEntry Find(string name)
        => _byName.TryGetValue(name, out var entry) ? entry : throw new ModelFormatException(_source.Name, $"has no tensor '{name}'");

    // A span of bytes is limited to the range of int too, so the limit applies to the bytes.
    private int CountOf(SafetensorsEntry entry)
        => entry.ByteLength <= Array.MaxLength
            ? (int)(entry.ByteLength / entry.Type.Size())
            : throw new ModelFormatException(
                _source.Name, $"has tensor '{entry.Name}' of {entry.ByteLength} bytes, more than the maximum of 2 GB per tensor");
}
