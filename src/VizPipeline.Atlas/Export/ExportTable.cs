namespace VizPipeline.Atlas.Export;

/// <summary>The type of a column's values, any of which may be null. Each format has its own representation.</summary>
internal enum ColumnKind
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>JSON: a nested object in formats that have objects, otherwise a string.</summary>
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

    /// <summary>A list of strings.</summary>
    Texts,
}

/// <summary>The name and type of a column. Names are part of the public interface: columns are only added, at the end.</summary>
internal record ExportColumn(string Name, ColumnKind Kind);

/// <summary>A column and the function that reads its value from a row.</summary>
internal sealed record ExportColumn<TRow>(string Name, ColumnKind Kind, Func<TRow, object?> Value) : ExportColumn(Name, Kind);

/// <summary>An exported table: its file name without extension, and its columns in order.</summary>
internal sealed record ExportTable<TRow>(string Name, IReadOnlyList<ExportColumn<TRow>> Columns)
{
    /// <summary>Returns the values of a row in column order.</summary>
    public object?[] Values(TRow row) => [.. Columns.Select(column => column.Value(row))];
}
