using System.Buffers.Binary;
using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>A position in a pickle. Nothing is ever read, or asked for, beyond its end.</summary>
internal sealed class PickleBytes(byte[] pickle, string file)
{
    private int position;

    public byte Next() => Take(1)[0];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > pickle.Length - position)
            throw EndsTooSoon();
        position += count;
        return pickle.AsSpan(position - count, count);
    }

    /// <summary>A length of four or eight bytes, of something that must still fit.</summary>
    public int Length(int width)
    {
        var bytes = Take(width);
        var length = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return length <= (ulong)(pickle.Length - position) ? (int)length : throw EndsTooSoon();
    }

    /// <summary>Text up to the end of a line.</summary>
    public string Line()
    {
        var length = pickle.AsSpan(position).IndexOf((byte)'\n');
        if (length < 0)
            throw EndsTooSoon();
        var line = Encoding.UTF8.GetString(Take(length));
        position++;
        return line;
    }

    private ModelFormatException EndsTooSoon() => new(file, "has a pickle that ends too soon", "it is damaged or no PyTorch file");
}
