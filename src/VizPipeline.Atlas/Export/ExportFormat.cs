namespace VizPipeline.Atlas.Export;

/// <summary>Writes the rows of one table. The file is incomplete if it is disposed without <see cref="CompleteAsync"/>.</summary>
internal interface ITableWriter : IAsyncDisposable
{
    /// <summary>Writes a row: one value per column.</summary>
    ValueTask WriteAsync(object?[] row, CancellationToken cancellation);

    /// <summary>Flushes buffered rows and writes the end of the file.</summary>
    Task CompleteAsync(CancellationToken cancellation);
}

/// <summary>An export file format.</summary>
internal sealed record ExportFormat(
    string Name, string Extension, string MediaType, Func<Stream, IReadOnlyList<ExportColumn>, CancellationToken, Task<ITableWriter>> Open)
{
    /// <summary>All formats; the command line takes their names.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } =
    [
        new("csv", "csv", "text/csv; charset=utf-8",
            (stream, columns, _) => Task.FromResult<ITableWriter>(new CsvTableWriter(stream, columns))),
        new("jsonl", "jsonl", "application/jsonl",
            (stream, columns, _) => Task.FromResult<ITableWriter>(new JsonLinesTableWriter(stream, columns))),
        new("parquet", "parquet", "application/vnd.apache.parquet",
            async (stream, columns, cancellation) => await ParquetTableWriter.OpenAsync(stream, columns, cancellation)),
    ];
}
