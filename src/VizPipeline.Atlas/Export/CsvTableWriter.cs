using System.Globalization;
using CsvHelper;

namespace VizPipeline.Atlas.Export;

/// <summary>
/// Writes CSV with the quoting of RFC 4180, in UTF-8, with a header and '\n' as line break. Floating-point numbers round-trip; null is an
/// empty field; list items are separated by ';'.
/// </summary>
internal sealed class CsvTableWriter : ITableWriter
{
    private readonly CsvWriter _csv;

    public CsvTableWriter(Stream stream, IReadOnlyList<ExportColumn> columns)
    {
        _csv = CsvWriter.Create(stream, new CsvWriterOptions
        {
            NewLine = "\n",
            Quoting = CsvQuoting.WhenNeededOrWhitespace,
        }, leaveOpen: false);
        foreach (var column in columns)
            _csv.WriteField(column.Name);
        _csv.EndRecord();
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(object?[] row, CancellationToken cancellation)
    {
        foreach (var value in row)
            _csv.WriteField(Text(value));
        return _csv.EndRecordAsync(cancellation);
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(CancellationToken cancellation) => await _csv.FlushAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _csv.DisposeAsync();

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IEnumerable<int> list => string.Join(';', list.Select(item => Text(item))),
        IEnumerable<float> list => string.Join(';', list.Select(item => Text(item))),
        // Replaced, so that the list can be split at its separators again.
        IEnumerable<string> list => string.Join(';', list.Select(item => item.Replace(';', ','))),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"values of type {value.GetType().Name} cannot be written as CSV"),
    };
}
