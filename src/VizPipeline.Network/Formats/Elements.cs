using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VizPipeline.Network.Formats;

/// <summary>Sizes of stored numbers and their conversion to the types that we compute with. Files are little-endian.</summary>
internal static class Elements
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Returns the size of one number in bytes.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.I8 or ElementType.U8 or ElementType.Bool => 1,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 or ElementType.U16 => 2,
        ElementType.F32 or ElementType.I32 or ElementType.U32 => 4,
        _ => 8,
    };

    /// <summary>Whether the numbers are floating point.</summary>
    public static bool IsFloat(this ElementType type)
        => type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64;

    /// <summary>Returns the number of elements of a shape, or null if it does not fit into 64 bits or an extent is negative.</summary>
    public static long? Count(ReadOnlySpan<int> shape)
    {
        // The product without zeros is checked too: [0, 2^31-1, 2^31-1, 2^31-1] is not a real tensor.
        long count = 1, withoutZeros = 1;
        foreach (var extent in shape)
        {
            if (extent < 0 || (Int128)withoutZeros * Math.Max(extent, 1) > long.MaxValue)
                return null;
            withoutZeros *= Math.Max(extent, 1);
            count *= extent;
        }
        return count;
    }

    /// <summary>Reads <paramref name="count"/> numbers through <paramref name="read"/>, in order, as float32.</summary>
    /// <remarks>Holds one chunk of the file's bytes at a time next to the result.</remarks>
    public static float[] ReadFloats(ElementType type, int count, ReadBytes read)
    {
        var floats = new float[count];
        if (type == ElementType.F32)
        {
            read(MemoryMarshal.AsBytes(floats.AsSpan()));
            return floats;
        }
        var perChunk = ChunkBytes / type.Size();
        var chunk = new byte[Math.Min(perChunk, count) * type.Size()];
        for (var done = 0; done < count; done += perChunk)
        {
            var target = floats.AsSpan(done, Math.Min(perChunk, count - done));
            var bytes = chunk.AsSpan(0, target.Length * type.Size());
            read(bytes);
            ToFloats(bytes, type, target);
        }
        return floats;
    }

    /// <summary>Fills a buffer completely with the next bytes of a file, or throws.</summary>
    public delegate void ReadBytes(Span<byte> target);

    /// <summary>Converts stored numbers to float32.</summary>
    public static void ToFloats(ReadOnlySpan<byte> source, ElementType type, Span<float> target)
    {
        switch (type)
        {
            case ElementType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(target));
                break;
            case ElementType.F16:
                for (var i = 0; i < target.Length; i++)
                    target[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                break;
            case ElementType.BF16:
                for (var i = 0; i < target.Length; i++)
                    target[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(source[(2 * i)..]) << 16);
                break;
            case ElementType.F64:
                for (var i = 0; i < target.Length; i++)
                    target[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
                break;
            case ElementType.U64:
                for (var i = 0; i < target.Length; i++)
                    target[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * i)..]);
                break;
            default:
                for (var i = 0; i < target.Length; i++)
                    target[i] = Integer(source, type, i);
                break;
        }
    }

    /// <summary>Converts stored integers to 64-bit integers.</summary>
    /// <exception cref="OverflowException">An unsigned number is too large.</exception>
    public static long[] ToLongs(ReadOnlySpan<byte> source, ElementType type)
    {
        var longs = new long[source.Length / type.Size()];
        for (var i = 0; i < longs.Length; i++)
            longs[i] = Integer(source, type, i);
        return longs;
    }

    private static long Integer(ReadOnlySpan<byte> source, ElementType type, int index) => type switch
    {
        ElementType.I8 => (sbyte)source[index],
        ElementType.U8 => source[index],
        ElementType.Bool => source[index] == 0 ? 0 : 1,
        ElementType.I16 => BinaryPrimitives.ReadInt16LittleEndian(source[(2 * index)..]),
        ElementType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * index)..]),
        ElementType.I32 => BinaryPrimitives.ReadInt32LittleEndian(source[(4 * index)..]),
        ElementType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(source[(4 * index)..]),
        ElementType.I64 => BinaryPrimitives.ReadInt64LittleEndian(source[(8 * index)..]),
        ElementType.U64 => checked((long)BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * index)..])),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an integer type"),
    };
}
