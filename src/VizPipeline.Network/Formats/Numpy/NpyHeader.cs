using System.Buffers.Binary;
using System.Text;

namespace VizPipeline.Network.Formats.Numpy;

/// <summary>
/// The header of a .npy file: magic, version, and a Python dictionary literal with exactly the keys descr, fortran_order and shape. It is
/// parsed as data; nothing in it is ever evaluated.
/// </summary>
internal sealed class NpyHeader
{
    // NumPy writes 128 bytes and by default refuses more than 10,000.
    private const int LongestHeader = 10_000;
    private const int MostDimensions = 64;

    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private readonly string _file;
    private readonly string _text;
    private int _position;

    private NpyHeader(string file, string text)
    {
        this._file = file;
        this._text = text;
    }

    public string Descr { get; private set; } = "";

    public bool FortranOrder { get; private set; }

    public int[] Shape { get; private set; } = [];

    /// <summary>Reads the header and leaves the stream at the first element.</summary>
    public static NpyHeader Read(Stream stream, string file)
    {
        Span<byte> prefix = stackalloc byte[12];
        Fill(stream, prefix[..8], file);
        if (!prefix[..6].SequenceEqual(Magic))
            throw new ModelFormatException(file, "is not a NumPy array: its first bytes are not those of .npy");
        if (prefix[6] is < 1 or > 3)
            throw new ModelFormatException(file, $"has .npy version {prefix[6]}; versions 1 to 3 are supported");
        var lengthBytes = prefix[6] == 1 ? 2 : 4;
        Fill(stream, prefix.Slice(8, lengthBytes), file);
        var length = lengthBytes == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        if (length > LongestHeader)
            throw new ModelFormatException(file, $"has a header of {length} bytes, more than the maximum of {LongestHeader}");
        var bytes = new byte[length];
        Fill(stream, bytes, file);
        var header = new NpyHeader(file, Encoding.UTF8.GetString(bytes));
        header.Parse();
        return header;
    }

    public static void Fill(Stream stream, Span<byte> target, string file)
    {
        if (stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new ModelFormatException(file, "ends too soon", "it may be a partial download: fetch it again");
    }

    private void Parse()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Expect('{');
        while (!Take('}'))
        {
            var key = Text();
            Expect(':');
            if (!seen.Add(key))
                throw Wrong($"contains '{key}' twice");
            ParseValue(key);
            if (!Take(','))
            {
                Expect('}');
                break;
            }
        }
        SkipSpace();
        if (_position != _text.Length)
            throw Wrong("has extra text after its dictionary");
        if (seen.Count != 3)
            throw Wrong("lacks one of descr, fortran_order and shape");
    }

    private void ParseValue(string key)
    {
        switch (key)
        {
            case "descr":
                Descr = Text();
                break;
            case "fortran_order":
                FortranOrder = Truth();
                break;
            case "shape":
                Shape = Extents();
                break;
            default:
                throw Wrong($"has an unknown key '{key}'");
        }
    }

    private string Text()
    {
        SkipSpace();
        if (_position >= _text.Length || _text[_position] is not ('\'' or '"'))
            throw Wrong("has something other than a string where a key or a simple dtype is expected");
        var end = _text.IndexOf(_text[_position], _position + 1);
        if (end < 0)
            throw Wrong("has an unterminated string");
        var found = _text[(_position + 1)..end];
        _position = end + 1;
        return found;
    }

    private bool Truth()
    {
        SkipSpace();
        foreach (var (word, value) in new[] { ("True", true), ("False", false) })
        {
            if (string.CompareOrdinal(_text, _position, word, 0, word.Length) != 0)
                continue;
            _position += word.Length;
            return value;
        }
        throw Wrong("has a fortran_order that is neither True nor False");
    }

    private int[] Extents()
    {
        var extents = new List<int>();
        Expect('(');
        while (!Take(')'))
        {
            extents.Add(Number());
            if (extents.Count > MostDimensions)
                throw Wrong($"has more than {MostDimensions} dimensions");
            if (!Take(','))
            {
                Expect(')');
                break;
            }
        }
        return [.. extents];
    }

    private int Number()
    {
        SkipSpace();
        var start = _position;
        while (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
            _position++;
        if (!int.TryParse(_text.AsSpan(start, _position - start), out var number))
            throw Wrong($"has an extent that is not an integer from 0 to {int.MaxValue}");
        return number;
    }

    private void Expect(char letter)
    {
        if (!Take(letter))
            throw Wrong($"lacks a '{letter}' at character {_position}");
    }

    private bool Take(char letter)
    {
        SkipSpace();
        if (_position >= _text.Length || _text[_position] != letter)
            return false;
        _position++;
        return true;
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && _text[_position] is ' ' or '\n')
            _position++;
    }

    private ModelFormatException Wrong(string problem) => new(_file, $"has a .npy header that {problem}");
}
