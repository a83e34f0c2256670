using System.Text;

namespace VizPipeline.Tests.Network.Formats.Onnx;

/// <summary>Writes protobuf messages field by field, so that tests can make files that no library would write.</summary>
internal sealed class ProtoWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] End() => [.. _bytes];

    public ProtoWriter Number(int field, long number) => Varint((long)field << 3).Varint(number);

    public ProtoWriter Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoWriter Message(int field, ProtoWriter message) => Bytes(field, message.End());

    public ProtoWriter Bytes(int field, byte[] content)
    {
        Varint(((long)field << 3) | 2).Varint(content.Length);
        _bytes.AddRange(content);
        return this;
    }

    public ProtoWriter Float(int field, float number)
    {
        Varint(((long)field << 3) | 5);
        _bytes.AddRange(BitConverter.GetBytes(number));
        return this;
    }

    /// <summary>A packed list of whole numbers.</summary>
    public ProtoWriter Numbers(int field, params long[] numbers)
    {
        var list = new ProtoWriter();
        foreach (var number in numbers)
            list.Varint(number);
        return Message(field, list);
    }

    private ProtoWriter Varint(long number)
    {
        var rest = (ulong)number;
        for (; rest >= 0x80; rest >>= 7)
            _bytes.Add((byte)(rest | 0x80));
        _bytes.Add((byte)rest);
        return this;
    }
}
