namespace VizPipeline.Web.Export;

/// <summary>What a column holds; each format has its own way to write it. Every value may be null.</summary>
internal enum ColumnKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>JSON as text: an object of its own where the format has objects.</summary>
    Json,

    /// <summary><see cref="int"/>.</summary>
    Integer,

    /// <summary><see cref="long"/>.</summary>
    Long,

    /// <summary><see cref="float"/>.</summary>
    Single,

    /// <summary><see cref="double"/>.</summary>
    Double,

    /// <summary><see cref="bool"/>.</summary>
    Flag,

    /// <summary>A list of <see cref="int"/>.</summary>
    Integers,

    /// <summary>A list of <see cref="float"/>.</summary>
    Singles,

    /// <summary>A list of texts.</summary>
    Texts,
}

/// <summary>Name and content of a column. Names are a promise to users: they are only ever added, at the end.</summary>
internal record ExportColumn(string Name, ColumnKind Kind);

/// <summary>A column with the way to its value in a row.</summary>
internal sealed record ExportColumn<TRow>(string Name, ColumnKind Kind, Func<TRow, object?> Value) : ExportColumn(Name, Kind);

/// <summary>A table of an export: its file's name without extension, and its columns in order.</summary>
internal sealed record ExportTable<TRow>(string Name, IReadOnlyList<ExportColumn<TRow>> Columns)
{
    /// <summary>The values of a row in the order of the columns.</summary>
    public object?[] Values(TRow row) => [.. Columns.Select(column => column.Value(row))];
}
