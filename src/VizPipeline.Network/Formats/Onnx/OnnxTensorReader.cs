using System.Runtime.InteropServices;
using Google.Protobuf;
using VizPipeline.Network.Formats.Onnx.Schema;

namespace VizPipeline.Network.Formats.Onnx;

/// <summary>
/// Converts protobuf tensors to <see cref="OnnxTensor"/>. Their data may be raw bytes, a typed list, or an external file.
/// </summary>
internal sealed class OnnxTensorReader(string file)
{
    private const int External = 1;

    private readonly OnnxExternalData _externalData = new(file);

    public OnnxTensor Read(TensorProto tensor, string name)
    {
        if (OnnxTypes.Find(tensor.DataType) is not { } type)
            throw Wrong(name, $"of {OnnxTypes.NameOf(tensor.DataType)}, which is not supported", "export the network in float32");
        var shape = ShapeOf(tensor, name);
        if (Elements.Count(shape) is not { } count || (Int128)count * 8 > Array.MaxLength)
            throw Wrong(name, $"whose shape [{string.Join(", ", shape)}] is too large");
        if (tensor.DataLocation == External)
            return FromSource(name, type, shape, (int)count, _externalData.Find(tensor, name, count * type.Size()));
        if (tensor.RawData.Length > 0 || count == 0)
            return FromRaw(tensor, name, type, shape, count);
        return FromList(tensor, name, type, shape, count);
    }

    private OnnxTensor FromRaw(TensorProto tensor, string name, ElementType type, int[] shape, long count)
    {
        var raw = tensor.RawData.Memory;
        if (raw.Length != count * type.Size())
            throw Wrong(name, $"of {raw.Length} bytes, but its shape [{string.Join(", ", shape)}] of {type} needs {count * type.Size()}");
        // Freed at once: otherwise most of the file would be in memory twice.
        tensor.RawData = ByteString.Empty;
        return FromBytes(name, type, shape, raw.Span);
    }

    private OnnxTensor FromBytes(string name, ElementType type, int[] shape, ReadOnlySpan<byte> bytes)
    {
        if (!type.IsFloat())
            return new OnnxTensor(name, type, shape, Longs(name, bytes, type));
        var floats = new float[bytes.Length / type.Size()];
        Elements.ToFloats(bytes, type, floats);
        return new OnnxTensor(name, type, shape, floats);
    }

    private OnnxTensor FromSource(string name, ElementType type, int[] shape, int count, (ByteSource Source, long Offset) found)
    {
        var (source, offset) = found;
        if (type.IsFloat())
        {
            return new OnnxTensor(name, type, shape, Elements.ReadFloats(type, count, target =>
            {
                source.Read(offset, target);
                offset += target.Length;
            }));
        }
        var bytes = new byte[count * type.Size()];
        source.Read(offset, bytes);
        return new OnnxTensor(name, type, shape, Longs(name, bytes, type));
    }

    // Types narrower than 32 bits, 16-bit floats included, share the list of 32-bit integers.
    private OnnxTensor FromList(TensorProto tensor, string name, ElementType type, int[] shape, long count)
    {
        var length = type switch
        {
            ElementType.F32 => tensor.FloatData.Count,
            ElementType.F64 => tensor.DoubleData.Count,
            ElementType.I64 => tensor.Int64Data.Count,
            ElementType.U32 or ElementType.U64 => tensor.Uint64Data.Count,
            _ => tensor.Int32Data.Count,
        };
        if (length != count)
            throw Wrong(name, $"of {length} values, but its shape [{string.Join(", ", shape)}] needs {count}");
        return type switch
        {
            ElementType.F32 => new OnnxTensor(name, type, shape, tensor.FloatData.ToArray()),
            ElementType.F64 => new OnnxTensor(name, type, shape, tensor.DoubleData.Select(value => (float)value).ToArray()),
            ElementType.F16 or ElementType.BF16 =>
                FromBytes(name, type, shape, MemoryMarshal.AsBytes<ushort>(tensor.Int32Data.Select(value => (ushort)value).ToArray())),
            ElementType.I64 => new OnnxTensor(name, type, shape, tensor.Int64Data.ToArray()),
            ElementType.U32 or ElementType.U64 =>
                FromBytes(name, ElementType.U64, shape, MemoryMarshal.AsBytes<ulong>(tensor.Uint64Data.ToArray())),
            _ => new OnnxTensor(name, type, shape, tensor.Int32Data.Select(value => (long)value).ToArray()),
        };
    }

    private int[] ShapeOf(TensorProto tensor, string name)
        => tensor.Dims.All(extent => extent is >= 0 and <= int.MaxValue)
            ? [.. tensor.Dims.Select(extent => (int)extent)]
            : throw Wrong(name, "with a negative or too large extent");

    private long[] Longs(string name, ReadOnlySpan<byte> bytes, ElementType type)
    {
        try
        {
            return Elements.ToLongs(bytes, type);
        }
        catch (OverflowException failure)
        {
            throw new ModelFormatException(file, $"has tensor '{name}' with a number that is too large for 64 signed bits", inner: failure);
        }
    }

    private ModelFormatException Wrong(string name, string problem, string? advice = null) =>
        new(file, $"has tensor '{name}' {problem}", advice);
}
