using System.Buffers.Binary;
using System.Text.Json;

namespace VizPipeline.Network.Formats.Safetensors;

/// <summary>
/// The header of a safetensors file: eight bytes of length, then JSON that gives each tensor's position. The tensors must fill the rest of
/// the file exactly, without overlaps or gaps.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int LengthBytes = 8;

    // The reference implementation's limit: no real model needs a larger header.
    private const long LargestHeader = 100_000_000;

    private const string MetadataKey = "__metadata__";

    private readonly ByteSource _source;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<SafetensorsEntry> _entries = [];

    private SafetensorsHeader(ByteSource source) => this._source = source;

    /// <summary>The tensors in file order.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _entries;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public static SafetensorsHeader Read(ByteSource source)
    {
        var header = new SafetensorsHeader(source);
        var json = header.ReadJson();
        header.Parse(json, dataStart: LengthBytes + json.Length);
        header.CheckLayout(dataStart: LengthBytes + json.Length);
        return header;
    }

    private byte[] ReadJson()
    {
        if (_source.Length < LengthBytes)
            throw Wrong($"has {_source.Length} bytes, but a safetensors file begins with {LengthBytes} bytes of header length");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(_source.Start(LengthBytes));
        if (length > LargestHeader)
        {
            throw Wrong($"declares a header of {length} bytes, more than the maximum of {LargestHeader}",
                "check that this is a safetensors file");
        }
        if ((long)length > _source.Length - LengthBytes)
        {
            throw Wrong(
                $"declares a header of {length} bytes but has only {_source.Length - LengthBytes} after the length",
                "it may be a partial download: fetch it again");
        }
        var json = new byte[length];
        _source.Read(LengthBytes, json);
        if (json.Length == 0 || json[0] != (byte)'{')
            throw Wrong("has a header that does not start with '{'", "check that this is a safetensors file");
        return json;
    }

    private void Parse(byte[] json, long dataStart)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataKey))
                    ParseMetadata(property.Value);
                else
                    _entries.Add(ParseEntry(property.Name, property.Value, dataStart));
            }
        }
        // InvalidOperationException: invalid UTF-16, for example a lone "\ud800".
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(_source.Name, $"has a header that is not valid JSON ({failure.Message})", inner: failure);
        }
        _entries.Sort((left, right) => (left.Offset, left.ByteLength).CompareTo((right.Offset, right.ByteLength)));
    }

    private void ParseMetadata(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw Wrong($"has a {MetadataKey} that is not an object");
        foreach (var property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Wrong($"has metadata '{property.Name}' that is not text");
            _metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private SafetensorsEntry ParseEntry(string name, JsonElement value, long dataStart)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw Wrong($"describes tensor '{name}' with something that is not an object");
        var type = ParseType(name, Field(name, value, "dtype", JsonValueKind.String).GetString()!);
        var shape = Field(name, value, "shape", JsonValueKind.Array).EnumerateArray().Select(extent => ParseExtent(name, extent)).ToArray();
        var offsets = Field(name, value, "data_offsets", JsonValueKind.Array);
        if (offsets.GetArrayLength() != 2
            || !TryLong(offsets[0], out var begin) || !TryLong(offsets[1], out var end) || begin < 0 || end < begin)
            throw Wrong($"has data_offsets of tensor '{name}' that are not a begin and an end");
        if (end > _source.Length - dataStart)
        {
            throw Wrong(
                $"has tensor '{name}' end at byte {end} of its data, which has only {_source.Length - dataStart}",
                "it may be a partial download: fetch it again");
        }
        CheckSize(name, type, shape, end - begin);
        return new SafetensorsEntry(name, type, shape, dataStart + begin, end - begin);
    }

    private JsonElement Field(string tensor, JsonElement value, string field, JsonValueKind kind)
        => value.TryGetProperty(field, out var found) && found.ValueKind == kind
            ? found
            : throw Wrong($"describes tensor '{tensor}' without a proper '{field}'");

    private ElementType ParseType(string tensor, string name)
        => SafetensorsTypes.Find(name)
            ?? throw Wrong(
                $"has tensor '{tensor}' of dtype {name}, which is not supported", $"convert it to one of {SafetensorsTypes.All}");

    private int ParseExtent(string tensor, JsonElement extent)
        => TryLong(extent, out var value) && value is >= 0 and <= int.MaxValue
            ? (int)value
            : throw Wrong($"has tensor '{tensor}' with an extent that is not an integer from 0 to {int.MaxValue}");

    private static bool TryLong(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }

    private void CheckSize(string name, ElementType type, int[] shape, long byteLength)
    {
        if (Elements.Count(shape) is not { } count || (Int128)count * type.Size() > long.MaxValue)
            throw Wrong($"has tensor '{name}' whose size in bytes does not fit into 64 bits");
        if (count * type.Size() != byteLength)
        {
            throw Wrong(
                $"has {byteLength} bytes for tensor '{name}', "
                + $"but its shape [{string.Join(", ", shape)}] of {SafetensorsTypes.NameOf(type)} "
                + $"needs {count * type.Size()}");
        }
    }

    private void CheckLayout(long dataStart)
    {
        var next = dataStart;
        foreach (var entry in _entries)
        {
            if (entry.Offset < next)
                throw Wrong($"has tensor '{entry.Name}' overlap the one before it");
            if (entry.Offset > next)
                throw Wrong($"has a gap of {entry.Offset - next} bytes before tensor '{entry.Name}'");
            next += entry.ByteLength;
        }
        if (next != _source.Length)
            throw Wrong($"has {_source.Length - next} bytes after its last tensor");
    }

    private ModelFormatException Wrong(string problem, string? advice = null) => new(_source.Name, problem, advice);
}
