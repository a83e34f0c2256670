using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace VizPipeline.Catalog;

/// <summary>Writes many rows of one table: inserts the new ones, updates those that are there.</summary>
/// <remarks>
/// One prepared command, run once per row inside the caller's transaction; EF's own SaveChanges would track every row. Measured by
/// BulkUpsertTests on two cores, debug build: 26,560 neurons and 239,040 patches in 5.7 s, and in 14 to 26 s when the machine had ten
/// times the work it has cores for. Finding them takes hours.
/// </remarks>
internal static class BulkUpsert
{
    /// <summary>Writes rows.</summary>
    /// <param name="context">The catalog, inside a transaction.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="keep">Names of properties that an existing row keeps.</param>
    /// <param name="cancellation">Stops between two rows; the transaction is then to be rolled back.</param>
    public static async Task UpsertAsync<T>(
        this CatalogContext context, IEnumerable<T> rows, IReadOnlyCollection<string> keep, CancellationToken cancellation)
        where T : class
    {
        var transaction = context.Database.CurrentTransaction ?? throw new InvalidOperationException("bulk writes need a transaction");
        var columns = ColumnsOf<T>(context, keep);
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.Transaction = transaction.GetDbTransaction();
        command.CommandText = Sql(context, typeof(T), columns);
        foreach (var column in columns)
            command.Parameters.Add(column.Parameter(command));
        await command.PrepareAsync(cancellation);

        foreach (var row in rows)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < columns.Count; i++)
                command.Parameters[i].Value = columns[i].Value(row) ?? DBNull.Value;
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    private static List<Column> ColumnsOf<T>(CatalogContext context, IReadOnlyCollection<string> keep)
    {
        var entity = context.Model.FindEntityType(typeof(T))!;
        var table = StoreObjectIdentifier.Table(entity.GetTableName()!, entity.GetSchema());
        return [.. entity.GetProperties().Select((property, index) => new Column(
            property, property.GetColumnName(table)!, $"@p{index}", property.IsPrimaryKey(), keep.Contains(property.Name)))];
    }

    // The syntax is PostgreSQL's, which SQLite took over.
    private static string Sql(CatalogContext context, Type type, List<Column> columns)
    {
        var table = context.Model.FindEntityType(type)!.GetTableName();
        var updates = columns.Where(column => !column.IsKey && !column.Kept)
            .Select(column => $"\"{column.Name}\" = excluded.\"{column.Name}\"");
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        var values = string.Join(", ", columns.Select(column => column.ParameterName));
        var keys = string.Join(", ", columns.Where(column => column.IsKey).Select(column => $"\"{column.Name}\""));
        var action = string.Join(", ", updates) is { Length: > 0 } set ? $"UPDATE SET {set}" : "NOTHING";
        return $"INSERT INTO \"{table}\" ({names}) VALUES ({values}) ON CONFLICT ({keys}) DO {action}";
    }

    private sealed record Column(IProperty Property, string Name, string ParameterName, bool IsKey, bool Kept)
    {
        private readonly Func<object?, object?>? convert = Property.GetTypeMapping().Converter?.ConvertToProvider;

        public DbParameter Parameter(DbCommand command)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = ParameterName;
            return parameter;
        }

        public object? Value(object row)
        {
            var value = Property.GetGetter().GetClrValue(row);
            return convert is null || value is null ? value : convert(value);
        }
    }
}
