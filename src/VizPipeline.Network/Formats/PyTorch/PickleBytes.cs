using System.Buffers.Binary;
using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>
/// A read position in one or more consecutive pickles. It never reads or allocates beyond their end; if gigabytes of numbers follow in the
/// file, only the pickles' part is kept in memory.
/// </summary>
internal sealed class PickleBytes
{
    private const int FirstBytes = 64 << 10;

    private readonly ByteSource _source;
    private readonly int _limit;
    private byte[] _held = [];
    private int _position;

    /// <summary>Starts at <paramref name="start"/> and reads at most the first <paramref name="limit"/> bytes of the file.</summary>
    public PickleBytes(ByteSource source, int start, int limit)
    {
        this._source = source;
        this._limit = (int)Math.Min(limit, source.Length);
        _position = start;
    }

    /// <summary>The file's name in messages.</summary>
    public string File => _source.Name;

    /// <summary>Offset of the next byte in the file.</summary>
    public int Position => _position;

    public byte Next() => Take(1)[0];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _limit - _position)
            throw EndsTooSoon();
        Hold(_position + count);
        _position += count;
        return _held.AsSpan(_position - count, count);
    }

    /// <summary>Reads a length of four or eight bytes and checks that so many bytes remain.</summary>
    public int Length(int width)
    {
        var bytes = Take(width);
        var length = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return length <= (ulong)(_limit - _position) ? (int)length : throw EndsTooSoon();
    }

    /// <summary>Reads text up to the end of a line.</summary>
    public string Line()
    {
        int length;
        while ((length = _held.AsSpan(Math.Min(_position, _held.Length)).IndexOf((byte)'\n')) < 0)
        {
            if (_held.Length == _limit)
                throw EndsTooSoon();
            Hold(Math.Max(_held.Length, _position) + 1);
        }
        var line = Encoding.UTF8.GetString(Take(length));
        _position++;
        return line;
    }

    private void Hold(int end)
    {
        if (end <= _held.Length)
            return;
        var (have, want) = (_held.Length, (int)Math.Min(_limit, Math.Max(Math.Max(FirstBytes, 2L * _held.Length), end)));
        Array.Resize(ref _held, want);
        _source.Read(have, _held.AsSpan(have));
    }

    private ModelFormatException EndsTooSoon() => new(File, "has a pickle that ends too soon", "it is damaged or not a PyTorch file");
}
