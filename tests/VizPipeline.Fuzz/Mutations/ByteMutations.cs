using System.Buffers.Binary;

namespace VizPipeline.Fuzz.Mutations;

/// <summary>Damage that needs to know nothing of a format.</summary>
internal static class ByteMutations
{
    private static readonly long[] Traps =
    [
        0, 1, -1, 2, 4, 7, 8, 16, 32, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff,
        int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, (1L << 32) + 1,
        long.MaxValue, long.MinValue, long.MaxValue - 7, 0x7fffffc7, 46341, 65536, 1_000_000, 0x40000000,
    ];

    /// <summary>A number at the edge of some type, or near one that was there.</summary>
    public static long Trap(Random random, long former = 0) => random.Next(3) switch
    {
        0 => former + random.Next(-3, 4),
        1 => former * random.Next(-2, 5),
        _ => Traps[random.Next(Traps.Length)],
    };

    /// <summary>A few changes at random places, of which one may be the end of another file.</summary>
    public static byte[] Damage(byte[] valid, byte[] other, Random random)
    {
        var bytes = valid.ToList();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 16; times--)
            Change(bytes, other, Place(bytes.Count, random), random);
        return [.. bytes];
    }

    // Beginnings and ends are where lengths and directories are.
    private static int Place(int count, Random random) => random.Next(4) switch
    {
        0 => random.Next(Math.Min(count, 64)),
        1 => count - 1 - random.Next(Math.Min(count, 256)),
        _ => random.Next(count),
    };

    private static void Change(List<byte> bytes, byte[] other, int at, Random random)
    {
        switch (random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2 when random.Next(3) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 64), bytes.Count - at));
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - 16), random.Next(1, 16)));
                break;
            case 5:
                bytes.Insert(at, (byte)random.Next(256));
                break;
            case 6 when random.Next(3) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.AsSpan(Math.Min(other.Length, random.Next(2) == 0 ? at : random.Next(other.Length))));
                break;
            case 7:
                var count = Math.Min(random.Next(1, 32), bytes.Count - at);
                for (var i = 0; i < count; i++)
                    bytes[at + i] = random.Next(2) == 0 ? (byte)0 : (byte)255;
                break;
            default:
                SetTrap(bytes, at, random);
                break;
        }
    }

    private static void SetTrap(List<byte> bytes, int at, Random random)
    {
        Span<byte> trap = stackalloc byte[8];
        var width = 1 << random.Next(4);
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(trap, Trap(random, bytes[at]));
        else
            BinaryPrimitives.WriteInt64BigEndian(trap, Trap(random, bytes[at]) << (64 - (8 * width)));
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = trap[i];
    }
}
