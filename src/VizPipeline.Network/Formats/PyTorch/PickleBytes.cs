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

    private readonly ByteSource source;
    private readonly int limit;
    private byte[] held = [];
    private int position;

    /// <summary>Starts at <paramref name="start"/> and reads at most the first <paramref name="limit"/> bytes of the file.</summary>
    public PickleBytes(ByteSource source, int start, int limit)
    {
        this.source = source;
        this.limit = (int)Math.Min(limit, source.Length);
        position = start;
    }

    /// <summary>The file's name in messages.</summary>
    public string File => source.Name;

    /// <summary>Offset of the next byte in the file.</summary>
    public int Position => position;

    public byte Next() => Take(1)[0];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > limit - position)
            throw EndsTooSoon();
        Hold(position + count);
        position += count;
        return held.AsSpan(position - count, count);
    }

    /// <summary>Reads a length of four or eight bytes and checks that so many bytes remain.</summary>
    public int Length(int width)
    {
        var bytes = Take(width);
        var length = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return length <= (ulong)(limit - position) ? (int)length : throw EndsTooSoon();
    }

    /// <summary>Reads text up to the end of a line.</summary>
    public string Line()
    {
        int length;
        while ((length = held.AsSpan(Math.Min(position, held.Length)).IndexOf((byte)'\n')) < 0)
        {
            if (held.Length == limit)
                throw EndsTooSoon();
            Hold(Math.Max(held.Length, position) + 1);
        }
        var line = Encoding.UTF8.GetString(Take(length));
        position++;
        return line;
    }

    private void Hold(int end)
    {
        if (end <= held.Length)
            return;
        var (have, want) = (held.Length, (int)Math.Min(limit, Math.Max(Math.Max(FirstBytes, 2L * held.Length), end)));
        Array.Resize(ref held, want);
        source.Read(have, held.AsSpan(have));
    }

    private ModelFormatException EndsTooSoon() => new(File, "has a pickle that ends too soon", "it is damaged or not a PyTorch file");
}
