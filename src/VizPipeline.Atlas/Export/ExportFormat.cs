namespace VizPipeline.Web.Export;

/// <summary>Writes the rows of one table. Disposing it without <see cref="CompleteAsync"/> leaves half a file.</summary>
internal interface ITableWriter : IAsyncDisposable
{
    /// <summary>Writes a row: one value per column.</summary>
    ValueTask WriteAsync(object?[] row, CancellationToken cancellation);

    /// <summary>Writes what is still in memory, and the file's end.</summary>
    Task CompleteAsync(CancellationToken cancellation);
}

/// <summary>A file format of exports.</summary>
internal sealed record ExportFormat(string Name, string Extension, string MediaType, Func<Stream, IReadOnlyList<ExportColumn>, CancellationToken, Task<ITableWriter>> Open)
{
    /// <summary>Every format, by the name that the command line takes.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } =
    [
        new("csv", "csv", "text/csv; charset=utf-8", (stream, columns, _) => Task.FromResult<ITableWriter>(new CsvTableWriter(stream, columns))),
        new("jsonl", "jsonl", "application/jsonl", (stream, columns, _) => Task.FromResult<ITableWriter>(new JsonLinesTableWriter(stream, columns))),
        new("parquet", "parquet", "application/vnd.apache.parquet", async (stream, columns, cancellation) => await ParquetTableWriter.OpenAsync(stream, columns, cancellation)),
    ];
}
