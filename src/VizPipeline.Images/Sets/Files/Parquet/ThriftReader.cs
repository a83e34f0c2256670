using System.Text;

namespace VizPipeline.Images;

/// <summary>Types of Thrift's compact protocol, in which Parquet writes its metadata.</summary>
internal enum ThriftType
{
    True = 1,
    False = 2,
    Byte = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
}

/// <summary>Reads Thrift's compact protocol. Every claim is checked against the bytes that are present.</summary>
/// <exception cref="InvalidDataException">From all methods: the bytes are truncated, or a type is unexpected.</exception>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int DeepestNesting = 24;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Number of bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Advances to the next field of a struct; returns false at its end.</summary>
    public bool Next(ref int id, out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 15);
        if (head == 0)
            return false;
        id = head >> 4 is var step and > 0 ? id + step : (int)Whole(short.MinValue, short.MaxValue);
        return type is >= ThriftType.True and <= ThriftType.Struct ? true : throw new InvalidDataException();
    }

    public int Int(ThriftType type) =>
        type is ThriftType.I16 or ThriftType.I32 ? (int)Whole(int.MinValue, int.MaxValue) : throw new InvalidDataException();

    public long Long(ThriftType type) =>
        type is ThriftType.I64 or ThriftType.I32 ? Whole(long.MinValue, long.MaxValue) : throw new InvalidDataException();

    public static bool Bool(ThriftType type) =>
        type is ThriftType.True or ThriftType.False ? type == ThriftType.True : throw new InvalidDataException();

    public string Text(ThriftType type) => type == ThriftType.Binary ? Encoding.UTF8.GetString(Binary()) : throw new InvalidDataException();

    /// <summary>Reads the header of a list and returns its number of elements, which must have the given type.</summary>
    public int List(ThriftType type, ThriftType element)
    {
        if (type != ThriftType.List)
            throw new InvalidDataException();
        var (count, found) = ListHead();
        return count == 0 || found == element ? count : throw new InvalidDataException();
    }

    public void Skip(ThriftType type) => Skip(type, 0, inList: false);

    private void Skip(ThriftType type, int depth, bool inList)
    {
        if (depth > DeepestNesting)
            throw new InvalidDataException();
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                // A boolean field's value is its type; in a list it is a byte.
                Position += inList ? 1 : 0;
                break;
            case ThriftType.Byte:
                Byte();
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                VarInt();
                break;
            case ThriftType.Double:
                Take(8);
                break;
            case ThriftType.Binary:
                Binary();
                break;
            case ThriftType.List or ThriftType.Set:
                var (count, element) = ListHead();
                for (var i = 0; i < count; i++)
                    Skip(element, depth + 1, inList: true);
                break;
            case ThriftType.Map:
                SkipMap(depth);
                break;
            case ThriftType.Struct:
                var id = 0;
                while (Next(ref id, out var field))
                    Skip(field, depth + 1, inList: false);
                break;
            default:
                throw new InvalidDataException();
        }
    }

    private void SkipMap(int depth)
    {
        var count = Count(VarInt());
        if (count == 0)
            return;
        var types = Byte();
        for (var i = 0; i < count; i++)
        {
            Skip((ThriftType)(types >> 4), depth + 1, inList: true);
            Skip((ThriftType)(types & 15), depth + 1, inList: true);
        }
    }

    private (int Count, ThriftType Element) ListHead()
    {
        var head = Byte();
        return (head >> 4 is var count and < 15 ? Count((ulong)count) : Count(VarInt()), (ThriftType)(head & 15));
    }

    // An element has at least one byte.
    private readonly int Count(ulong claimed) =>
        claimed <= (ulong)(_bytes.Length - Position) ? (int)claimed : throw new InvalidDataException();

    private ReadOnlySpan<byte> Binary() => Take(Count(VarInt()));

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position)
            throw new InvalidDataException();
        Position += count;
        return _bytes.Slice(Position - count, count);
    }

    private long Whole(long least, long most)
    {
        var raw = VarInt();
        var value = (long)(raw >> 1) ^ -(long)(raw & 1);
        return value >= least && value <= most ? value : throw new InvalidDataException();
    }

    private ulong VarInt()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }
        throw new InvalidDataException();
    }
}
