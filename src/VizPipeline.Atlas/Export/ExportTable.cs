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
/// <param name="Name">The name.</param>
/// <param name="Kind">The type.</param>
/// <param name="Meaning">What it is, for the description that comes with exported files.</param>
/// <param name="Unit">The unit; null for texts, counts and other numbers without one.</param>
internal record ExportColumn(string Name, ColumnKind Kind, string Meaning = "", string? Unit = null);

/// <summary>A column and the function that reads its value from a row.</summary>
internal sealed record ExportColumn<TRow>(string Name, ColumnKind Kind, Func<TRow, object?> Value, string Meaning = "", string? Unit = null)
    : ExportColumn(Name, Kind, Meaning, Unit);

/// <summary>An exported table: its file name without extension, its columns in order, and what a row is.</summary>
internal sealed record ExportTable<TRow>(string Name, IReadOnlyList<ExportColumn<TRow>> Columns, string Meaning = "")
{
    /// <summary>Returns the values of a row in column order.</summary>
    public object?[] Values(TRow row) => [.. Columns.Select(column => column.Value(row))];
}
