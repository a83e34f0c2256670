using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using System.Text.RegularExpressions;

namespace VizPipeline.Fuzz.Mutations;

/// <summary>Edits inside containers that keep their checksums and lengths right, so that readers get past them.</summary>
internal static partial class ContainerMutations
{
    private static readonly int[] PngEnd = [8];

    /// <summary>Changes a member of a zip archive and packs it again.</summary>
    public static byte[] Zip(byte[] archive, Func<string, byte[], byte[]> change, Random random)
    {
        var members = ZipFiles.Members(archive);
        var at = random.Next(Math.Min(members.Count, 2));
        members[at] = (members[at].Name, change(members[at].Name, members[at].Bytes));
        if (random.Next(8) == 0)
            members.RemoveAt(random.Next(members.Count));
        return ZipFiles.Of(members, () => random.Next(4) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression);
    }

    /// <summary>Changes numbers and names of a safetensors header, and its length with it.</summary>
    public static byte[] Safetensors(byte[] file, Random random)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var header = Encoding.UTF8.GetString(file, 8, length);
        for (var times = random.Next(1, 4); times > 0; times--)
            header = Numbers().Replace(
                header,
                number => random.Next(12) == 0
                    ? $"{ByteMutations.Trap(random, long.TryParse(number.Value, out var former) ? former : 0)}"
                    : number.Value);
        if (random.Next(6) == 0)
            header = header.Replace(
                "F32", new[] { "F16", "BF16", "I64", "BOOL", "F8_E4M3", "X" }[random.Next(6)], StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(header);
        var result = new byte[8 + bytes.Length + file.Length - 8 - length];
        BinaryPrimitives.WriteInt64LittleEndian(result, bytes.Length);
        bytes.CopyTo(result, 8);
        file.AsSpan(8 + length).CopyTo(result.AsSpan(8 + bytes.Length));
        return result;
    }

    /// <summary>Changes chunks of a PNG, and their checksums with them.</summary>
    public static byte[] Png(byte[] file, Random random)
    {
        var chunks = new List<byte[]>();
        for (var at = PngEnd[0]; at + 12 <= file.Length;)
        {
            var length = Math.Min(BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at)), file.Length - at - 12);
            chunks.Add(file[(at + 4)..(at + 8 + length)]);
            at += 12 + length;
        }
        Shuffle(chunks, random, chunk =>
        {
            if (chunk.Length >= 12 && random.Next(2) == 0)
                BinaryPrimitives.WriteInt32BigEndian(chunk.AsSpan(4 + (4 * random.Next(2))), (int)ByteMutations.Trap(random, chunk[7]));
            else
                chunk[random.Next(chunk.Length)] = (byte)random.Next(256);
        });
        var result = new List<byte>(file[..8]);
        foreach (var chunk in chunks)
        {
            var number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, chunk.Length - 4);
            result.AddRange(number);
            result.AddRange(chunk);
            result.AddRange(Crc32.Hash(chunk).Reverse());
        }
        return [.. result];
    }

    /// <summary>Changes segments of a JPEG: sizes, tables, components.</summary>
    public static byte[] Jpeg(byte[] file, Random random)
    {
        var (segments, at) = (new List<byte[]>(), 2);
        while (at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] is not (0xDA or 0xD9))
        {
            var length = Math.Min(2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2)), file.Length - at);
            segments.Add(file[at..(at + length)]);
            at += length;
        }
        Shuffle(segments, random, segment =>
        {
            if (segment[1] is >= 0xC0 and <= 0xCF and not 0xC4 && segment.Length > 9 && random.Next(2) == 0)
                BinaryPrimitives.WriteInt16BigEndian(
                    segment.AsSpan(5 + (2 * random.Next(2))), (short)ByteMutations.Trap(random, segment[6]));
            else
                segment[random.Next(1, segment.Length)] = (byte)ByteMutations.Trap(random, random.Next(256));
        });
        return [.. file[..2], .. segments.SelectMany(segment => segment), .. file[at..]];
    }

    /// <summary>Changes fields of a tar archive's headers, and their checksums with them.</summary>
    public static byte[] Tar(byte[] file, Random random)
    {
        byte[] changed = [.. file];
        (int Start, int Length)[] fields = [(0, 100), (100, 8), (124, 12), (124, 12), (124, 12), (156, 1), (257, 6), (345, 155)];
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var header = random.Next(changed.Length / 512) * 512;
            var (start, length) = fields[random.Next(fields.Length)];
            var field = changed.AsSpan(header + start, length);
            if (length == 12)
                Encoding.ASCII.GetBytes(Convert.ToString(ByteMutations.Trap(random, 700) & 0x1FFFFFFFF, 8).PadLeft(11, '0') + "\0")
                    .CopyTo(field);
            else if (length == 1)
                field[0] = "0123456789xgLKSMV\0"u8[random.Next(18)];
            else
                field[random.Next(length)] = (byte)random.Next(256);
            changed.AsSpan(header + 148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var value in changed.AsSpan(header, 512))
                sum += value;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(changed, header + 148);
        }
        return changed;
    }

    private static void Shuffle(List<byte[]> parts, Random random, Action<byte[]> edit)
    {
        for (var times = random.Next(1, 4); times > 0 && parts.Count > 0; times--)
        {
            var at = random.Next(parts.Count);
            switch (random.Next(8))
            {
                case 0:
                    parts.RemoveAt(at);
                    break;
                case 1:
                    parts.Insert(random.Next(parts.Count), [.. parts[at]]);
                    break;
                case 2:
                    var to = random.Next(parts.Count);
                    (parts[at], parts[to]) = (parts[to], parts[at]);
                    break;
                default:
                    edit(parts[at]);
                    break;
            }
        }
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
