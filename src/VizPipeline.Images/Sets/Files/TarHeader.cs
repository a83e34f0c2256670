using System.Text;

namespace VizPipeline.Images;

/// <summary>The fields of a tar header, in ustar's and GNU's form. Only texts are allocated, whatever it claims.</summary>
public static class TarHeader
{
    /// <summary>The size of a header, and of the blocks to which contents are padded, in bytes.</summary>
    public const int Block = 512;

    /// <summary>Returns whether a block is a header: its checksum is the sum of all bytes, with its own field counted as spaces.</summary>
    public static bool IsValid(ReadOnlySpan<byte> header)
    {
        var sum = 8 * ' ';
        for (var i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? 0 : header[i];
        return ReadNumber(header[148..156]) == sum;
    }

    /// <summary>Reads the kind of the entry: '0' or 0 for a plain file.</summary>
    public static byte ReadKind(ReadOnlySpan<byte> header) => header[156];

    /// <summary>Reads the size of the content in bytes; negative if it is malformed.</summary>
    public static long ReadSize(ReadOnlySpan<byte> header) => ReadNumber(header[124..136]);

    /// <summary>Reads the path.</summary>
    public static string ReadName(ReadOnlySpan<byte> header)
    {
        var name = ReadText(header[..100]);
        // GNU's own format stores times where ustar has the folder, and marks this by blanks after the magic.
        var prefix = header[257..263].SequenceEqual("ustar\0"u8) ? ReadText(header[345..500]) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    /// <summary>Reads UTF-8 up to the first zero.</summary>
    public static string ReadText(ReadOnlySpan<byte> field) =>
        Encoding.UTF8.GetString(field.IndexOf((byte)0) is var end && end >= 0 ? field[..end] : field);

    // Octal digits, or GNU's binary form for larger numbers; -1 if it is not a number.
    private static long ReadNumber(ReadOnlySpan<byte> field)
    {
        long value = 0;
        if ((field[0] & 0x80) != 0)
        {
            foreach (var digit in field[^8..])
                value = (value << 8) | digit;
            return value;
        }
        foreach (var digit in field.Trim([(byte)' ', (byte)0]))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return -1;
            value = (value << 3) | (uint)(digit - '0');
        }
        return value;
    }
}
