using System.Buffers.Binary;

namespace VizPipeline.Images;

/// <summary>The values of one page: each row's bytes or number; null if it has none.</summary>
internal sealed class ParquetValues
{
    public required ReadOnlyMemory<byte>?[] Bytes { get; init; }

    public required long?[] Numbers { get; init; }
}

/// <summary>One column of one row group. Its pages are located once by their headers and read one at a time.</summary>
internal sealed class ParquetColumn
{
    // Headers may contain the smallest and largest value, which some writers do not truncate.
    private const int UsualHeader = 4096, LargestHeader = 16 << 20;

    private readonly ArchiveBytes _bytes;
    private readonly ParquetChunk _chunk;
    private readonly ParquetLeaf _leaf;
    private readonly List<Page> _pages = [];
    private readonly Lazy<ParquetValues>? _dictionary;
    private (long Start, byte[] Bytes) _window = (0, []);

    /// <exception cref="IOException">Its pages are not where they should be, or do not have this many rows.</exception>
    public ParquetColumn(ArchiveBytes bytes, ParquetChunk chunk, ParquetLeaf leaf, long rows)
    {
        (_bytes, _chunk, _leaf) = (bytes, chunk, leaf);
        long row = 0;
        for (var position = chunk.Start; row < rows;)
        {
            var header = ReadHeader(position, out var length);
            position += length;
            if (header.Packed > bytes.Length - position)
                throw bytes.NotWhole();
            var page = new Page(header, position, row);
            if (header.Kind == ParquetPage.Dictionary)
                _dictionary = new(() => Decode(page), LazyThreadSafetyMode.PublicationOnly);
            else if (header.Kind is ParquetPage.Data or ParquetPage.DataV2)
            {
                // Each row has at most one value, because nothing repeats.
                if (header.Values == 0 || header.Values > rows - row)
                    throw bytes.NotWhole();
                _pages.Add(page);
                row += header.Values;
            }
            PackedBytes += header.Packed;
            position += header.Packed;
        }
        _window = (0, []);
    }

    /// <summary>Number of pages of values.</summary>
    public int Pages => _pages.Count;

    /// <summary>Returns the size in bytes that a page takes in memory.</summary>
    public long BytesOf(int page) => _pages[page].Header.Unpacked;

    /// <summary>Size of its pages in the file in bytes, including the dictionary's.</summary>
    public long PackedBytes { get; }

    /// <summary>Returns the page that contains a row of the group, and the row's position in it.</summary>
    public (int Page, int Place) Find(long row)
    {
        var (low, high) = (0, _pages.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _pages[middle].FirstRow <= row ? (middle, high) : (low, middle - 1);
        }
        return (low, (int)(row - _pages[low].FirstRow));
    }

    /// <summary>Reads a page.</summary>
    /// <exception cref="IOException">It is damaged.</exception>
    public ParquetValues Read(int page) => Decode(_pages[page]);

    private ParquetPage ReadHeader(long position, out int length)
    {
        // One window covers many small pages.
        if (position >= _window.Start && position < _window.Start + _window.Bytes.Length && TryRead(position, out length) is { } near)
            return near;
        for (long size = UsualHeader; ; size *= 16)
        {
            var there = Math.Max(0, Math.Min(size, _bytes.Length - position));
            _window = (position, _bytes.Read(position, there));
            if (TryRead(position, out length) is { } header)
                return header;
            if (there < size || size > LargestHeader)
                throw _bytes.NotWhole();
        }
    }

    private ParquetPage? TryRead(long position, out int length)
    {
        try
        {
            return ParquetPage.Read(_window.Bytes.AsSpan((int)(position - _window.Start)), out length);
        }
        catch (InvalidDataException)
        {
            length = 0;
            return null;
        }
    }

    private ParquetValues Decode(Page page)
    {
        try
        {
            var (header, isDictionary) = (page.Header, page.Header.Kind == ParquetPage.Dictionary);
            var (levels, values) = header.Unpack(_bytes.Read(page.Position, header.Packed), _chunk.Codec, _leaf.Optional);
            var isThere = new bool[isDictionary ? 0 : header.Values];
            var count = isDictionary ? header.Values : Present(levels.Span, isThere);
            // A dictionary's values take bytes too, so a larger claim is impossible.
            if (isDictionary && count > values.Length)
                throw new InvalidDataException();
            var packed = isDictionary
                || header.Encoding is not (2 or 8)
                ? Plain(values, count, isDictionary ? 0 : header.Encoding) : ByDictionary(values.Span, count);
            return isDictionary ? packed : Spread(packed, isThere);
        }
        catch (InvalidDataException damage)
        {
            throw _bytes.NotWhole(damage);
        }
    }

    private int Present(ReadOnlySpan<byte> levels, bool[] isThere)
    {
        if (_leaf.Optional == 0)
        {
            Array.Fill(isThere, true);
            return isThere.Length;
        }
        var numbers = new int[isThere.Length];
        ParquetEncodings.ReadRuns(levels, ParquetEncodings.BitsFor(_leaf.Optional), numbers);
        for (var i = 0; i < numbers.Length; i++)
            isThere[i] = numbers[i] == _leaf.Optional;
        return isThere.Count(there => there);
    }

    private ParquetValues ByDictionary(ReadOnlySpan<byte> bytes, int count)
    {
        var dictionary = _dictionary?.Value ?? throw new InvalidDataException();
        var places = new int[count];
        if (count > 0)
            ParquetEncodings.ReadRuns(bytes.Length > 0 ? bytes[1..] : throw new InvalidDataException(), bytes[0], places);
        return new()
        {
            Bytes = [.. places.Select(place => At(dictionary.Bytes, place))],
            Numbers = [.. places.Select(place => At(dictionary.Numbers, place))]
        };

        static T At<T>(T[] values, int place) =>
            values.Length == 0 ? default! : (uint)place < (uint)values.Length ? values[place] : throw new InvalidDataException();
    }

    private ParquetValues Plain(ReadOnlyMemory<byte> values, int count, int encoding) => (_leaf.Type, encoding) switch
    {
        (ParquetType.ByteArray, 0) => new() { Bytes = WithLengths(values, count), Numbers = [] },
        (ParquetType.ByteArray, 6) => new() { Bytes = BehindLengths(values, count), Numbers = [] },
        (ParquetType.Int32 or ParquetType.Int64, 0) => new() { Bytes = [], Numbers = Numbers(values.Span, count) },
        (ParquetType.Int32 or ParquetType.Int64, 5) => new() { Bytes = [], Numbers = Differences(values.Span, count) },
        _ => throw new IOException(
            $"column {_leaf.Path} is {_leaf.Type} in encoding {encoding}, which is not read; "
            + "write it again with plain or dictionary encoding"),
    };

    private static ReadOnlyMemory<byte>?[] WithLengths(ReadOnlyMemory<byte> bytes, int count)
    {
        if (count > bytes.Length / 4)
            throw new InvalidDataException();
        var values = new ReadOnlyMemory<byte>?[count];
        for (var i = 0; i < count; i++)
        {
            if (bytes.Length < 4 || LittleEndian.U32(bytes.Span, 0) is var length && length > bytes.Length - 4)
                throw new InvalidDataException();
            values[i] = bytes.Slice(4, (int)length);
            bytes = bytes[(4 + (int)length)..];
        }
        return values;
    }

    private static ReadOnlyMemory<byte>?[] BehindLengths(ReadOnlyMemory<byte> bytes, int count)
    {
        var lengths = new long[count];
        var rest = bytes.Span;
        ParquetEncodings.ReadDifferences(ref rest, lengths);
        bytes = bytes[^rest.Length..];
        var values = new ReadOnlyMemory<byte>?[count];
        for (var i = 0; i < count; i++)
        {
            if (lengths[i] < 0 || lengths[i] > bytes.Length)
                throw new InvalidDataException();
            values[i] = bytes[..(int)lengths[i]];
            bytes = bytes[(int)lengths[i]..];
        }
        return values;
    }

    private long?[] Numbers(ReadOnlySpan<byte> bytes, int count)
    {
        var width = _leaf.Type == ParquetType.Int32 ? 4 : 8;
        if ((long)count * width > bytes.Length)
            throw new InvalidDataException();
        var values = new long?[count];
        for (var i = 0; i < count; i++)
            values[i] = width == 4
                ? BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]) : BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]);
        return values;
    }

    private static long?[] Differences(ReadOnlySpan<byte> bytes, int count)
    {
        var values = new long[count];
        ParquetEncodings.ReadDifferences(ref bytes, values);
        return [.. values.Select(value => (long?)value)];
    }

    private static ParquetValues Spread(ParquetValues packed, bool[] isThere)
    {
        return new() { Bytes = Over(packed.Bytes), Numbers = Over(packed.Numbers) };

        T[] Over<T>(T[] values)
        {
            var next = 0;
            return values.Length == 0 ? new T[isThere.Length] : [.. isThere.Select(there => there ? values[next++] : default!)];
        }
    }

    private sealed record Page(ParquetPage Header, long Position, long FirstRow);
}
