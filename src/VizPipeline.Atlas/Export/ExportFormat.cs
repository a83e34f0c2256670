namespace VizPipeline.Atlas.Export;

/// <summary>Writes the rows of one table. The file is incomplete if it is disposed without <see cref="CompleteAsync"/>.</summary>
internal interface ITableWriter : IAsyncDisposable
{
    /// <summary>Writes a row: one value per column.</summary>
    ValueTask WriteAsync(object?[] row, CancellationToken cancellation);

    /// <summary>Flushes buffered rows and writes the end of the file.</summary>
    Task CompleteAsync(CancellationToken cancellation);
}

/// <summary>Opens a file of a format.</summary>
/// <param name="stream">Where to write.</param>
/// <param name="columns">The columns.</param>
/// <param name="notes">What a format that can describe itself says about the table and its atlas, by name.</param>
/// <param name="cancellation">Cancels.</param>
internal delegate Task<ITableWriter> OpenTable(
    Stream stream, IReadOnlyList<ExportColumn> columns, IReadOnlyDictionary<string, string> notes, CancellationToken cancellation);

/// <summary>An export file format.</summary>
internal sealed record ExportFormat(string Name, string Extension, string MediaType, OpenTable Open)
{
    /// <summary>All formats; the command line takes their names.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } =
    [
        new("csv", "csv", "text/csv; charset=utf-8",
            (stream, columns, _, _) => Task.FromResult<ITableWriter>(new CsvTableWriter(stream, columns))),
        new("jsonl", "jsonl", "application/jsonl",
            (stream, columns, _, _) => Task.FromResult<ITableWriter>(new JsonLinesTableWriter(stream, columns))),
        new("parquet", "parquet", "application/vnd.apache.parquet",
            async (stream, columns, notes, cancellation) => await ParquetTableWriter.OpenAsync(stream, columns, notes, cancellation)),
    ];
}
