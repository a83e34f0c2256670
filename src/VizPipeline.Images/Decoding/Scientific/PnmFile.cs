namespace VizPipeline.Images.Scientific;

/// <summary>
/// Reads PBM, PGM and PPM files. Not with ImageSharp, whose 2.1 takes samples of 16 bits for little-endian and the digits of a plain PBM
/// for numbers.
/// </summary>
internal readonly ref struct PnmFile
{
    private const int LargestValue = 65535;

    private readonly ReadOnlySpan<byte> _data;
    private readonly int _kind;
    private readonly int _largest;

    /// <exception cref="RefusedHeaderException">The header is invalid, or the file is truncated or damaged.</exception>
    public PnmFile(ReadOnlySpan<byte> file)
    {
        _kind = file[1] - '0';
        var at = 2;
        var (width, height) = (Number(file, ref at, int.MaxValue), Number(file, ref at, int.MaxValue));
        _largest = _kind is 1 or 4 ? 1 : Number(file, ref at, LargestValue);
        if (width < 1 || height < 1 || _largest < 1 || at >= file.Length || !IsSpace(file[at]))
            throw new RefusedHeaderException(RefusedHeaderException.Damaged);
        Size = new(width, height);
        _data = file[(at + 1)..];
        // Plain numbers take at least a digit and a space each, but those of a bitmap need no space.
        var samples = (long)width * height * Channels;
        var needed = _kind switch
        {
            1 => samples,
            2 or 3 => (2 * samples) - 1,
            4 => height * ((width + 7L) / 8),
            _ => samples * (_largest > 255 ? 2 : 1),
        };
        if (_data.Length < needed)
            throw new RefusedHeaderException(RefusedHeaderException.CutShort);
    }

    public CheckedHeader Size { get; }

    private int Channels => _kind is 3 or 6 ? 3 : 1;

    public static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' or 11 or 12;

    /// <summary>Writes red, green, blue and 255 for each pixel.</summary>
    /// <exception cref="RefusedHeaderException">The data are truncated or damaged.</exception>
    public void Read(Span<byte> rgba)
    {
        var at = 0;
        for (var y = 0; y < Size.Height; y++)
        {
            for (var x = 0; x < Size.Width; x++)
            {
                var pixel = rgba.Slice(4 * ((y * Size.Width) + x), 4);
                pixel[0] = Sample(x, y, ref at);
                (pixel[1], pixel[2]) = Channels == 3 ? (Sample(x, y, ref at), Sample(x, y, ref at)) : (pixel[0], pixel[0]);
                pixel[3] = 255;
            }
        }
    }

    private byte Sample(int x, int y, ref int at)
    {
        int value;
        switch (_kind)
        {
            case 1:
                return PlainBit(ref at) ? (byte)0 : (byte)255;
            case 4:
                return (_data[(y * ((Size.Width + 7) / 8)) + (x / 8)] & (0x80 >> (x % 8))) != 0 ? (byte)0 : (byte)255;
            case 2 or 3:
                value = PlainNumber(ref at);
                break;
            case var _ when _largest > 255:
                value = (_data[at] << 8) | _data[at + 1];
                at += 2;
                break;
            default:
                value = _data[at++];
                break;
        }
        return (byte)(((255L * Math.Min(value, _largest)) + (_largest / 2)) / _largest);
    }

    private bool PlainBit(ref int at)
    {
        var digit = _data[SkipSpace(ref at)];
        at++;
        return digit is (byte)'0' or (byte)'1' ? digit == '1' : throw new RefusedHeaderException(RefusedHeaderException.DamagedData);
    }

    private int PlainNumber(ref int at)
    {
        var (start, value) = (SkipSpace(ref at), 0);
        for (; at < _data.Length && char.IsAsciiDigit((char)_data[at]) && value <= _largest; at++)
            value = (value * 10) + _data[at] - '0';
        return at > start && value <= _largest ? value : throw new RefusedHeaderException(RefusedHeaderException.DamagedData);
    }

    private int SkipSpace(ref int at)
    {
        while (at < _data.Length && IsSpace(_data[at]))
            at++;
        return at < _data.Length ? at : throw new RefusedHeaderException(RefusedHeaderException.CutShort);
    }

    // Skips white space and comments, then reads a number.
    private static int Number(ReadOnlySpan<byte> file, ref int at, int largest)
    {
        while (at < file.Length && (IsSpace(file[at]) || file[at] == '#'))
        {
            var rest = file[at..];
            at += file[at] != '#' ? 1 : rest.IndexOfAny((byte)'\n', (byte)'\r') is >= 0 and var end ? end : rest.Length;
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
}
