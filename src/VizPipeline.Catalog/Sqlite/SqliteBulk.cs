using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace VizPipeline.Catalog;

/// <summary>
/// Bulk writes to SQLite: one prepared command, run once per row. SQLite runs in this process, so anything more elaborate gains nothing.
/// </summary>
internal static class SqliteBulk
{
    public static async Task WriteAsync<T>(
        CatalogContext context, BulkTable table, IEnumerable<T> rows, CancellationToken cancellation)
        where T : class
    {
        var transaction = context.Database.CurrentTransaction ?? throw new InvalidOperationException("bulk writes need a transaction");
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.Transaction = transaction.GetDbTransaction();
        var parameters = table.Columns.Select((_, index) => Parameter(command, $"@p{index}")).ToList();
        var values = string.Join(", ", parameters.Select(parameter => parameter.ParameterName));
        command.CommandText = $"INSERT INTO {table.Name} ({table.ColumnNames}) VALUES ({values}){table.OnConflict}";
        await command.PrepareAsync(cancellation);

        foreach (var row in rows)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < parameters.Count; i++)
                parameters[i].Value = table.Columns[i].Value(row) ?? DBNull.Value;
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    private static DbParameter Parameter(DbCommand command, string name)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        command.Parameters.Add(parameter);
        return parameter;
    }
}
