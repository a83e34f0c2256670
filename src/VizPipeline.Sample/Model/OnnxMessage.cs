using System.Buffers;
using System.Text;

namespace VizPipeline.Sample.Model;

/// <summary>
/// Builds one protobuf message. Our ONNX file needs only two kinds of fields, numbers and bytes, so generated classes would be more code
/// than the format.
/// </summary>
internal sealed class OnnxMessage
{
    private const int Varint = 0, LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public OnnxMessage Number(int field, long value)
    {
        Write(((ulong)field << 3) | Varint);
        Write((ulong)value);
        return this;
    }

    /// <summary>Adds a repeated integer field, unpacked; every reader accepts both forms.</summary>
    public OnnxMessage Numbers(int field, params ReadOnlySpan<long> values)
    {
        foreach (var value in values)
            Number(field, value);
        return this;
    }

    public OnnxMessage Bytes(int field, ReadOnlySpan<byte> value)
    {
        Write(((ulong)field << 3) | LengthDelimited);
        Write((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    public OnnxMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public OnnxMessage Nested(int field, OnnxMessage message) => Bytes(field, message._bytes.WrittenSpan);

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Write(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.Write([(byte)(value | 0x80)]);
        _bytes.Write([(byte)value]);
    }
}
