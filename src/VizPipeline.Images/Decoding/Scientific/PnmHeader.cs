namespace VizPipeline.Images.Scientific;

/// <summary>Checks PBM, PGM and PPM files before they are decoded, because the decoder does not report all truncated ones.</summary>
internal static class PnmHeader
{
    private const int LargestValue = 65535;

    public static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' or 11 or 12;

    /// <exception cref="RefusedHeaderException">The header is invalid, or the file has fewer samples than it claims.</exception>
    public static CheckedHeader Check(ReadOnlySpan<byte> file)
    {
        var kind = file[1] - '0';
        var at = 2;
        var (width, height) = (Number(file, ref at, int.MaxValue), Number(file, ref at, int.MaxValue));
        var isBitmap = kind is 1 or 4;
        var largest = isBitmap ? 1 : Number(file, ref at, LargestValue);
        if (width < 1 || height < 1 || largest < 1 || at >= file.Length || !IsSpace(file[at]))
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        var samples = (long)width * height * (kind is 3 or 6 ? 3 : 1);
        var data = file[(at + 1)..];
        var isWhole = kind switch
        {
            1 => HasBits(data, samples),
            2 or 3 => HasNumbers(data, samples, largest),
            4 => data.Length >= (long)height * ((width + 7L) / 8),
            _ => data.Length >= samples * (largest > 255 ? 2 : 1),
        };
        return isWhole ? new(width, height) : throw new RefusedHeaderException(RefusedHeaderException.CutShort);
    }

    // Skips white space and comments, then reads a number.
    private static int Number(ReadOnlySpan<byte> file, ref int at, int largest)
    {
        while (at < file.Length && (IsSpace(file[at]) || file[at] == '#'))
        {
            if (file[at] == '#')
            {
                while (at < file.Length && file[at] is not ((byte)'\n' or (byte)'\r'))
                    at++;
            }
            else
            {
                at++;
            }
        }
        var (start, value) = (at, 0L);
        for (; at < file.Length && char.IsAsciiDigit((char)file[at]); at++)
        {
            value = (value * 10) + file[at] - '0';
            if (value > largest)
                throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        }
        return at > start ? (int)value : throw new RefusedHeaderException(RefusedHeaderException.Damaged);
    }

    private static bool HasBits(ReadOnlySpan<byte> data, long samples)
    {
        foreach (var value in data)
        {
            if (samples == 0)
                return true;
            if (value is (byte)'0' or (byte)'1')
                samples--;
            else if (!IsSpace(value))
                throw new RefusedHeaderException("its data are damaged");
        }
        return samples == 0;
    }

    private static bool HasNumbers(ReadOnlySpan<byte> data, long samples, int largest)
    {
        for (var at = 0; samples > 0; samples--)
        {
            while (at < data.Length && IsSpace(data[at]))
                at++;
            if (at == data.Length)
                return false;
            var (start, value) = (at, 0L);
            for (; at < data.Length && char.IsAsciiDigit((char)data[at]) && value <= largest; at++)
                value = (value * 10) + data[at] - '0';
            if (at == start || value > largest)
                throw new RefusedHeaderException("its data are damaged");
        }
        return true;
    }
}
