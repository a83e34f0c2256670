using System.Buffers.Binary;

namespace VizPipeline.Fuzz.Mutations;

/// <summary>Edits pickles by whole instructions: removed, doubled, moved, inserted, and their arguments changed.</summary>
internal static class PickleMutations
{
    // Every instruction that there is, with an argument where it has one.
    private static readonly byte[][] Instructions =
    [
        .. "(.012NRQ)]}atldbesuio"u8.ToArray().Select(code => new[] { code }), .. Enumerable.Range(0x81, 0x20)
            .Select(code => new[] { (byte)code, (byte)1 }),
        [.. "ctorch._utils\n_rebuild_tensor_v2\n"u8], [.. "ccollections\nOrderedDict\n"u8], [.. "cos\nsystem\n"u8],
        [.. "ctorch\nFloatStorage\n"u8], [.. "I7\n"u8], [.. "L7L\n"u8], [.. "F1\n"u8], [.. "S'x'\n"u8],
        [.. "Vx\n"u8], [.. "p0\n"u8], [.. "g0\n"u8], [(byte)'K', 3], [(byte)'M', 3, 1], [(byte)'J', 255, 255, 255, 127],
        [(byte)'q', 0], [(byte)'h', 0], [(byte)'h', 200], [(byte)'r', 255, 255, 255, 255],
        [(byte)'j', 0, 0, 0, 0], [(byte)'X', 255, 255, 255, 127], [(byte)'X', 1, 0, 0, 0, (byte)'0'],
        [(byte)'B', 0, 0, 0, 0], [(byte)'G', 0, 0, 0, 0, 0, 0, 0, 0], [0x80, 5], [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127],
    ];

    /// <summary>One to four edits.</summary>
    public static byte[] Mutate(byte[] pickle, Random random)
    {
        var code = Split(pickle);
        for (var times = random.Next(1, 5); times > 0 && code.Count > 1; times--)
        {
            var at = random.Next(code.Count);
            switch (random.Next(7))
            {
                case 0:
                    code.RemoveAt(at);
                    break;
                case 1:
                    code.Insert(random.Next(code.Count), code[at]);
                    break;
                case 2:
                    var to = random.Next(code.Count);
                    (code[at], code[to]) = (code[to], code[at]);
                    break;
                case 3:
                    code.Insert(at, Instructions[random.Next(Instructions.Length)]);
                    break;
                case 4:
                    for (var copies = random.Next(2, 40); copies > 0; copies--)
                        code.Insert(at, code[at]);
                    break;
                default:
                    code[at] = Argument(code[at], random);
                    break;
            }
        }
        return [.. code.SelectMany(part => part)];
    }

    private static byte[] Argument(byte[] instruction, Random random)
    {
        byte[] changed = [.. instruction];
        if (changed.Length == 1)
            return Instructions[random.Next(Instructions.Length)];
        if (changed.Length is > 4 and < 10 && random.Next(2) == 0)
            BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(1), (int)ByteMutations.Trap(random, changed[1]));
        else
            changed[random.Next(1, changed.Length)] = (byte)ByteMutations.Trap(random, changed[1]);
        return changed;
    }

    /// <summary>The instructions of one or more pickles behind one another; what is no instruction is the last part.</summary>
    private static List<byte[]> Split(byte[] pickle)
    {
        var code = new List<byte[]>();
        for (var at = 0; at < pickle.Length;)
        {
            var length = Math.Clamp(Length(pickle.AsSpan(at)), 1, pickle.Length - at);
            code.Add(pickle[at..(at + length)]);
            at += length;
        }
        return code;
    }

    private static int Length(ReadOnlySpan<byte> rest) => rest[0] switch
    {
        (byte)'K' or (byte)'h' or (byte)'q' or 0x80 or 0x82 => 2,
        (byte)'M' or 0x83 => 3,
        (byte)'J' or (byte)'j' or (byte)'r' or 0x84 => 5,
        (byte)'G' or 0x95 => 9,
        (byte)'U' or (byte)'C' or 0x8a or 0x8c => 2 + Counted(rest, 1),
        (byte)'X' or (byte)'T' or (byte)'B' or 0x8b => 5 + Counted(rest, 4),
        (byte)'c' or (byte)'i' => Lines(rest, 2),
        (byte)'I' or (byte)'L' or (byte)'F' or (byte)'S' or (byte)'V' or (byte)'P' or (byte)'p' or (byte)'g' => Lines(rest, 1),
        _ => 1,
    };

    private static int Counted(ReadOnlySpan<byte> rest, int width) =>
        rest.Length <= width ? 0 : width == 1 ? rest[1] : (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]), 1 << 20);

    private static int Lines(ReadOnlySpan<byte> rest, int count)
    {
        var at = 0;
        for (; count > 0 && rest[at..].IndexOf((byte)'\n') is var end and >= 0; count--)
            at += end + 1;
        return at;
    }
}
