using Parquet;
using Parquet.Schema;

namespace VizPipeline.Atlas.Export;

/// <summary>Writes Parquet in row groups, of which only one is in memory. Columns are nullable; lists become Parquet lists.</summary>
internal sealed class ParquetTableWriter : ITableWriter
{
    private const int RowsPerGroup = 20_000;

    private readonly Stream _stream;
    private readonly ParquetColumn[] _columns;
    private ParquetWriter? _writer;
    private int _rows;

    private ParquetTableWriter(Stream stream, ParquetColumn[] columns, ParquetWriter writer) =>
        (_stream, _columns, _writer) = (stream, columns, writer);

    /// <summary>Starts a file. <paramref name="notes"/> become its key-value metadata.</summary>
    public static async Task<ParquetTableWriter> OpenAsync(
        Stream stream, IReadOnlyList<ExportColumn> columns, IReadOnlyDictionary<string, string> notes, CancellationToken cancellation)
    {
        ParquetColumn[] ours = [.. columns.Select(ParquetColumn.Create)];
        var schema = new ParquetSchema(ours.Select(column => column.Field).ToArray());
        var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: cancellation);
        writer.CustomMetadata = notes;
        return new ParquetTableWriter(stream, ours, writer);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(object?[] row, CancellationToken cancellation)
    {
        for (var i = 0; i < row.Length; i++)
            _columns[i].Add(row[i]);
        if (++_rows == RowsPerGroup)
            await WriteGroupAsync(cancellation);
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(CancellationToken cancellation)
    {
        if (_rows > 0)
            await WriteGroupAsync(cancellation);
        await CloseAsync();
        await _stream.FlushAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await _stream.DisposeAsync();
    }

    private async Task WriteGroupAsync(CancellationToken cancellation)
    {
        using var group = _writer!.CreateRowGroup();
        foreach (var column in _columns)
            await column.WriteAsync(group, cancellation);
        group.CompleteValidate();
        _rows = 0;
    }

    // Closing writes the file's footer.
    private async Task CloseAsync()
    {
        if (_writer is not null)
            await _writer.DisposeAsync();
        _writer = null;
    }
}
