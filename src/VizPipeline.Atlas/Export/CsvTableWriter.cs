using System.Globalization;
using CsvHelper;

namespace VizPipeline.Web.Export;

/// <summary>
/// CSV as RFC 4180 quotes it, in UTF-8 with a header and '\n' line ends. Floats are written so that they read back the same; null is an
/// empty field; the items of a list are separated by ';'.
/// </summary>
internal sealed class CsvTableWriter : ITableWriter
{
    private readonly CsvWriter _csv;

    public CsvTableWriter(Stream stream, IReadOnlyList<ExportColumn> columns)
    {
        _csv = CsvWriter.Create(stream, new CsvWriterOptions { NewLine = "\n", Quoting = CsvQuoting.WhenNeededOrWhitespace }, leaveOpen: false);
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
        // A list must come apart at its separators again, so a name cannot keep its own.
        IEnumerable<string> list => string.Join(';', list.Select(item => item.Replace(';', ','))),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"a value of type {value.GetType().Name} has no form in CSV"),
    };
}
