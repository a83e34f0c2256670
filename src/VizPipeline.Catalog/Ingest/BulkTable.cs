using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace VizPipeline.Catalog;

/// <summary>Describes a table for bulk writes.</summary>
/// <param name="Name">Its name, quoted.</param>
/// <param name="Columns">All columns.</param>
/// <param name="OnConflict">The ON CONFLICT clause for rows that already exist; empty where all rows are new.</param>
/// <remarks>The syntax is PostgreSQL's; SQLite supports it too.</remarks>
internal sealed record BulkTable(string Name, IReadOnlyList<BulkColumn> Columns, string OnConflict)
{
    /// <summary>The column names, separated by commas.</summary>
    public string ColumnNames { get; } = string.Join(", ", Columns.Select(column => column.Name));

    /// <summary>Gets the table of an entity.</summary>
    /// <param name="context">Its catalog.</param>
    /// <param name="keep">Properties that keep their value in an existing row; null where all rows are new.</param>
    public static BulkTable For<T>(CatalogContext context, IReadOnlyCollection<string>? keep)
    {
        var entity = context.Model.FindEntityType(typeof(T))!;
        var store = StoreObjectIdentifier.Table(entity.GetTableName()!, entity.GetSchema());
        var properties = entity.GetProperties().ToList();
        string Column(IProperty property) => Quoted(property.GetColumnName(store)!);

        var conflict = "";
        if (keep is not null)
        {
            var keys = string.Join(", ", properties.Where(property => property.IsPrimaryKey()).Select(Column));
            var updates = string.Join(", ", properties
                .Where(property => !property.IsPrimaryKey() && !keep.Contains(property.Name))
                .Select(property => $"{Column(property)} = excluded.{Column(property)}"));
            conflict = $" ON CONFLICT ({keys}) DO {(updates.Length > 0 ? $"UPDATE SET {updates}" : "NOTHING")}";
        }
        return new BulkTable(
            Quoted(store.Name), [.. properties.Select(property => new BulkColumn(Column(property), property))], conflict);
    }

    private static string Quoted(string name) => $"\"{name}\"";
}

/// <summary>Describes a column for bulk writes.</summary>
internal sealed class BulkColumn
{
    private readonly IProperty _property;
    private readonly Func<object?, object?>? _convert;

    public BulkColumn(string name, IProperty property)
    {
        this._property = property;
        var mapping = property.GetRelationalTypeMapping();
        _convert = mapping.Converter?.ConvertToProvider;
        Name = name;
        Type = mapping.StoreType;
    }

    /// <summary>Its name, quoted.</summary>
    public string Name { get; }

    /// <summary>Its type in the database.</summary>
    public string Type { get; }

    /// <summary>Gets its value from a row, in the form that the database driver expects.</summary>
    public object? Value(object row)
    {
        var value = _property.GetGetter().GetClrValue(row);
        return _convert is null || value is null ? value : _convert(value);
    }
}
