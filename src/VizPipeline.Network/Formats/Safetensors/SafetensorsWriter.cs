using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VizPipeline.Network.Formats.Safetensors;

/// <summary>
/// Writes safetensors files deterministically: tensors are stored in the order in which they were added, and the header is padded with
/// spaces to a multiple of eight. Arrays are not copied; do not change them before writing.
/// </summary>
public sealed class SafetensorsWriter
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<(SafetensorsEntry Entry, Action<Stream> Write)> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal) { "__metadata__" };
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private long _length;

    /// <summary>Free-form text for the header, written in ordinal order of the keys.</summary>
    public IDictionary<string, string> Metadata => _metadata;

    /// <summary>Adds a tensor of float32.</summary>
    public SafetensorsWriter Add(string name, float[] values, params int[] shape) => Add<float>(name, ElementType.F32, values, shape);

    /// <summary>Adds a tensor of float64.</summary>
    public SafetensorsWriter Add(string name, double[] values, params int[] shape) => Add<double>(name, ElementType.F64, values, shape);

    /// <summary>Adds a tensor of 32-bit integers.</summary>
    public SafetensorsWriter Add(string name, int[] values, params int[] shape) => Add<int>(name, ElementType.I32, values, shape);

    /// <summary>Adds a tensor of 64-bit integers.</summary>
    public SafetensorsWriter Add(string name, long[] values, params int[] shape) => Add<long>(name, ElementType.I64, values, shape);

    /// <summary>Adds a tensor of unsigned bytes.</summary>
    public SafetensorsWriter Add(string name, byte[] values, params int[] shape) => Add(name, ElementType.U8, values, shape);

    /// <summary>Adds a tensor under its own name.</summary>
    public SafetensorsWriter Add(FloatTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Add(tensor.Name, tensor.Values, tensor.Shape);
    }

    /// <summary>Adds a tensor from bytes that are already in the file's layout: little-endian, row-major.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the number of bytes does not match shape and type.</exception>
    public SafetensorsWriter Add(string name, ElementType type, ReadOnlyMemory<byte> bytes, params int[] shape)
        => Add(name, type, bytes.Length, shape, stream => stream.Write(bytes.Span));

    /// <summary>Writes the file to a stream.</summary>
    public void WriteTo(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var header = Header();
        Span<byte> headerLength = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(headerLength, header.Length);
        stream.Write(headerLength);
        stream.Write(header);
        foreach (var (_, write) in _tensors)
            write(stream);
    }

    /// <summary>Writes the file to a path. A reader sees the old file or the complete new one, never a part.</summary>
    public void WriteTo(string path) => AtomicFile.Write(path, WriteTo);

    private SafetensorsWriter Add<T>(string name, ElementType type, T[] values, int[] shape) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return Add(name, type, (long)values.Length * type.Size(), shape, stream => WriteNumbers<T>(stream, values));
    }

    private SafetensorsWriter Add(string name, ElementType type, long byteLength, int[] shape, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        if ((Int128)(Elements.Count(shape) ?? -1) * type.Size() != byteLength)
        {
            throw new ArgumentException(
                $"tensor '{name}' of shape [{string.Join(", ", shape)}] and type {type} does not have {byteLength} bytes", nameof(shape));
        }
        if (!_names.Add(name))
            throw new ArgumentException($"there is already a tensor '{name}'", nameof(name));
        _tensors.Add((new SafetensorsEntry(name, type, [.. shape], _length, byteLength), write));
        _length += byteLength;
        return this;
    }

    // In chunks, because the bytes of a long array do not fit into one span.
    private static void WriteNumbers<T>(Stream stream, ReadOnlySpan<T> values) where T : unmanaged
    {
        const int Piece = 1 << 20;
        for (; values.Length > Piece; values = values[Piece..])
            stream.Write(MemoryMarshal.AsBytes(values[..Piece]));
        stream.Write(MemoryMarshal.AsBytes(values));
    }

    private byte[] Header()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            WriteMetadata(json);
            foreach (var (entry, _) in _tensors)
                WriteEntry(json, entry);
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        if (_metadata.Count == 0)
            return;
        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in _metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsEntry entry)
    {
        json.WriteStartObject(entry.Name);
        json.WriteString("dtype", SafetensorsTypes.NameOf(entry.Type));
        json.WriteStartArray("shape");
        foreach (var extent in entry.Shape)
            json.WriteNumberValue(extent);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(entry.Offset);
        json.WriteNumberValue(entry.Offset + entry.ByteLength);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
