using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// A Parquet table with one image per row, as in Hugging Face's datasets. The member <c>000001234</c> is row 1234, counted from 0 over all
/// row groups. Only the page that contains a row is read, and the last few pages are kept, so a sequential reader reads each page once.
/// </summary>
internal sealed class ParquetArchive : IImageArchive
{
    private const string Magic = "PAR1";
    private const int KeptPages = 3;
    private const long KeptBytes = 256 << 20;

    // An image's length alone takes four bytes; this many rows may be empty or repeat a few images.
    private const long LeastRowBytes = 4, RowsForNothing = 1 << 16;

    private readonly ArchiveBytes _bytes;
    private readonly ParquetMetadata _table;
    private readonly HuggingFaceFeatures _features;
    private readonly long[] _firstRows;
    private readonly Lazy<ParquetColumn>[] _images;
    private readonly Lock _lock = new();
    private readonly List<((int Group, int Page) Place, long Bytes, Lazy<ParquetValues> Values)> _kept = [];

    /// <summary>Takes ownership of the handle and reads the table's metadata.</summary>
    /// <exception cref="IOException">The file is not a Parquet file, is inconsistent, or has no images.</exception>
    public ParquetArchive(SafeFileHandle handle)
    {
        _bytes = new(handle, "Parquet file");
        var length = _bytes.Length < 12 ? throw _bytes.NotWhole() : _bytes.Length;
        var tail = _bytes.Read(length - 8, 8);
        if (Encoding.ASCII.GetString(tail, 4, 4) != Magic)
            throw _bytes.NotWhole();
        try
        {
            _table = ParquetMetadata.Read(_bytes.Read(length - 8 - LittleEndian.U32(tail, 0), LittleEndian.U32(tail, 0)));
        }
        catch (InvalidDataException damage)
        {
            throw _bytes.NotWhole(damage);
        }
        _features = HuggingFaceFeatures.Read(_table);
        _firstRows = new long[_table.Groups.Count + 1];
        for (var group = 0; group < _table.Groups.Count; group++)
        {
            // An image takes more than a byte, so more rows than bytes are impossible.
            if (_table.Groups[group].Rows > length - _firstRows[group])
                throw _bytes.NotWhole();
            _firstRows[group + 1] = _firstRows[group] + _table.Groups[group].Rows;
        }
        _images = [.. Enumerable.Range(0, _table.Groups.Count)
            .Select(group => new Lazy<ParquetColumn>(() => Column(group, _features.Image), LazyThreadSafetyMode.PublicationOnly))];
    }

    public IEnumerable<string> Pictures
    {
        get
        {
            CheckRows();
            for (long row = 0; row < _firstRows[^1]; row++)
                yield return Member(row);
        }
    }

    public ImageFile Open(string member)
    {
        if (!long.TryParse(member, NumberStyles.None, CultureInfo.InvariantCulture, out var row)
            || row >= _firstRows[^1] || Member(row) != member)
            throw new FileNotFoundException("the archive has no such member");
        var group = Array.FindLastIndex(_firstRows, first => first <= row);
        var column = _images[group].Value;
        var (page, place) = column.Find(row - _firstRows[group]);
        return new ImageFile(Page(column, group, page).Bytes[place] ?? throw new FileNotFoundException("the row has no picture"));
    }

    public IReadOnlyDictionary<string, string> Labels()
    {
        var labels = new Dictionary<string, string>();
        for (var group = 0; _features.Label is { } leaf && group < _table.Groups.Count; group++)
        {
            var (column, row) = (Column(group, leaf), _firstRows[group]);
            for (var page = 0; page < column.Pages; page++)
            {
                var values = column.Read(page);
                for (var i = 0; i < values.Numbers.Length; i++, row++)
                {
                    if (LabelOf(values, i) is { Length: > 0 } label)
                        labels[Member(row)] = label;
                }
            }
        }
        return labels;
    }

    public void Dispose() => _bytes.Dispose();

    /// <summary>Checks that the pages exist before each row gets a name: the number of rows is only a claim of the metadata.</summary>
    private void CheckRows()
    {
        var (rows, bytes) = (_firstRows[^1], _images.Sum(column => column.Value.PackedBytes));
        if (rows > RowsForNothing + (bytes / LeastRowBytes))
            throw new IOException($"it claims {rows} pictures in {bytes} bytes");
    }

    private static string Member(long row) => row.ToString("D9", CultureInfo.InvariantCulture);

    private string? LabelOf(ParquetValues values, int row) =>
        values.Numbers[row] is { } number
            ? _features.Name(number) : values.Bytes[row] is { Length: <= 512 } text ? Encoding.UTF8.GetString(text.Span) : null;

    private ParquetColumn Column(int group, int leaf)
    {
        var (rows, chunk) = (_table.Groups[group].Rows, _table.Groups[group].Chunks[leaf]);
        if (chunk.Type != _table.Leaves[leaf].Type || chunk.Values != rows)
            throw _bytes.NotWhole();
        return new ParquetColumn(_bytes, chunk, _table.Leaves[leaf], rows);
    }

    private ParquetValues Page(ParquetColumn column, int group, int page)
    {
        Lazy<ParquetValues> values;
        lock (_lock)
        {
            var at = _kept.FindIndex(kept => kept.Place == (group, page));
            values = at >= 0 ? _kept[at].Values : new(() => column.Read(page));
            if (at >= 0)
                _kept.RemoveAt(at);
            _kept.Add(((group, page), column.BytesOf(page), values));
            while (_kept.Count > KeptPages || (_kept.Count > 1 && _kept.Sum(kept => kept.Bytes) > KeptBytes))
                _kept.RemoveAt(0);
        }
        // Outside the lock: threads that need the same page wait for it, others do not.
        try
        {
            return values.Value;
        }
        catch
        {
            // A disk that recovers is read again.
            lock (_lock)
                _kept.RemoveAll(kept => kept.Values == values);
            throw;
        }
    }
}
