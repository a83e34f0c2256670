using System.Buffers.Binary;
using System.Text;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>Writes pickles instruction by instruction: honest ones as torch.save does, and hostile ones.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] End() => [.. _bytes, (byte)'.'];

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Raw(params byte[] raw)
    {
        _bytes.AddRange(raw);
        return this;
    }

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Raw((byte)'X').Raw(BitConverter.GetBytes(utf8.Length)).Raw(utf8);
    }

    public PickleWriter Number(long number)
    {
        var longBytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(longBytes, number);
        return number is >= 0 and < 256 ? Raw((byte)'K', (byte)number) : Raw(0x8a, 8).Raw(longBytes);
    }

    public PickleWriter Tuple(params long[] numbers)
    {
        Op('(');
        foreach (var number in numbers)
            Number(number);
        return Op('t');
    }

    public PickleWriter Global(string module, string name) => Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    /// <summary>A dict of what <paramref name="pairs"/> pushes: key, value, key, value.</summary>
    public PickleWriter Dict(Action<PickleWriter> pairs)
    {
        Op('}').Op('(');
        pairs(this);
        return Op('u');
    }

    public PickleWriter OrderedDict(Action<PickleWriter> pairs)
    {
        Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        pairs(this);
        return Op('u');
    }

    public PickleWriter Storage(string key, long count, string type = "FloatStorage", string module = "torch")
        => Op('(').Text("storage").Global(module, type).Text(key).Text("cpu").Number(count).Op('t').Op('Q');

    public PickleWriter Tensor(string key, long count, long[] shape, long[] strides, long offset = 0, string type = "FloatStorage")
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(key, count, type).Number(offset).Tuple(shape).Tuple(strides);
        return Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');
    }

    /// <summary>A tensor of two float32 in storage "0".</summary>
    public PickleWriter Pair() => Tensor("0", 2, [2], [1]);
}
