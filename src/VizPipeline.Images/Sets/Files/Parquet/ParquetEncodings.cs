using System.Numerics;

namespace VizPipeline.Images;

/// <summary>Parquet's encodings of integers: runs and bit-packed groups, and deltas.</summary>
/// <exception cref="InvalidDataException">From all methods: the bytes are truncated or inconsistent.</exception>
internal static class ParquetEncodings
{
    /// <summary>
    /// Fills <paramref name="values"/> from runs ("RLE") and bit-packed groups of numbers of <paramref name="bits"/> bits.
    /// </summary>
    public static void ReadRuns(ReadOnlySpan<byte> bytes, int bits, Span<int> values)
    {
        if (bits is < 0 or > 32)
            throw new InvalidDataException();
        while (values.Length > 0)
        {
            var head = VarInt(ref bytes);
            var count = (int)Math.Min(head >> 1 << (int)(head & 1) * 3, (ulong)values.Length);
            if ((head & 1) == 0)
            {
                long value = 0;
                for (var i = 0; i < (bits + 7) / 8; i++)
                    value |= (long)Take(ref bytes, 1)[0] << (8 * i);
                values[..count].Fill((int)value);
            }
            else
            {
                for (var i = 0; i < count; i++)
                    values[i] = (int)Bits(bytes, (long)i * bits, bits);
                bytes = bytes[(int)UInt128.Min((UInt128)(head >> 1) * (uint)bits, (uint)bytes.Length)..];
            }
            // An empty run fills nothing, but its header was consumed.
            values = values[count..];
        }
    }

    /// <summary>
    /// Fills <paramref name="values"/> from deltas ("DELTA_BINARY_PACKED") and advances <paramref name="bytes"/> past them.
    /// </summary>
    public static void ReadDifferences(ref ReadOnlySpan<byte> bytes, Span<long> values)
    {
        var (block, parts, total) = (VarInt(ref bytes), VarInt(ref bytes), VarInt(ref bytes));
        if (block is 0 or > 1 << 24 || parts == 0 || block % parts != 0 || (block / parts) % 8 != 0 || total != (ulong)values.Length)
            throw new InvalidDataException();
        var perPart = (int)(block / parts);
        if (values.Length == 0)
            return;
        values[0] = ZigZag(ref bytes);
        for (var filled = 1; filled < values.Length;)
        {
            var least = ZigZag(ref bytes);
            var widths = Take(ref bytes, (int)parts);
            for (var part = 0; part < (int)parts && filled < values.Length; part++)
            {
                if (widths[part] > 64)
                    throw new InvalidDataException();
                for (var i = 0; i < perPart && filled < values.Length; i++, filled++)
                    values[filled] = unchecked(values[filled - 1] + least + (long)Bits(bytes, (long)i * widths[part], widths[part]));
                bytes = bytes[(int)Math.Min((long)perPart * widths[part] / 8, bytes.Length)..];
            }
        }
    }

    /// <summary>Returns the number of bits needed for the largest of some numbers.</summary>
    public static int BitsFor(int largest) => 32 - BitOperations.LeadingZeroCount((uint)largest);

    private static ulong Bits(ReadOnlySpan<byte> bytes, long first, int count)
    {
        ulong value = 0;
        for (var have = 0; have < count;)
        {
            var at = first + have;
            if (at / 8 >= bytes.Length)
                throw new InvalidDataException();
            var (shift, room) = ((int)(at % 8), 8 - (int)(at % 8));
            var taken = Math.Min(room, count - have);
            value |= (ulong)((bytes[(int)(at / 8)] >> shift) & ((1 << taken) - 1)) << have;
            have += taken;
        }
        return value;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (count > bytes.Length)
            throw new InvalidDataException();
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static long ZigZag(ref ReadOnlySpan<byte> bytes) => VarInt(ref bytes) is var raw ? (long)(raw >> 1) ^ -(long)(raw & 1) : 0;

    private static ulong VarInt(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(ref bytes, 1)[0];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }
        throw new InvalidDataException();
    }
}
