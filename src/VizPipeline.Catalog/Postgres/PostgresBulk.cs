using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>Bulk writes to PostgreSQL with binary COPY, which needs no round trip and no parsing per row.</summary>
internal static class PostgresBulk
{
    /// <summary>
    /// Up to this many rows, one multi-row INSERT is faster than COPY into a load table (measured: break-even at 40 to 80 rows; one row
    /// takes 1 ms instead of 4).
    /// </summary>
    public const int FewRows = 40;

    public static async Task WriteAsync<T>(
        CatalogContext context, BulkTable table, IEnumerable<T> rows, CancellationToken cancellation)
        where T : class
    {
        var transaction = context.Database.CurrentTransaction ?? throw new InvalidOperationException("bulk writes need a transaction");
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        using var all = rows.GetEnumerator();
        var first = new List<object>(FewRows + 1);
        while (first.Count <= FewRows && all.MoveNext())
            first.Add(all.Current);

        if (first.Count == 0)
            return;
        if (first.Count <= FewRows)
            await InsertAsync(connection, (NpgsqlTransaction)transaction.GetDbTransaction(), table, first, cancellation);
        else if (table.OnConflict.Length == 0)
            await CopyAsync(connection, table.Name, table, first, all, cancellation);
        else
            await CopyOverAsync(connection, table, first, all, cancellation);
    }

    private static async Task InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, BulkTable table, List<object> rows, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(null, connection, transaction);
        var values = rows.Select(row =>
        {
            var places = table.Columns.Select(column =>
            {
                command.Parameters.Add(new NpgsqlParameter { DataTypeName = column.Type, Value = column.Value(row) ?? DBNull.Value });
                return "$" + command.Parameters.Count.ToString(CultureInfo.InvariantCulture);
            });
            return $"({string.Join(", ", places)})";
        });
        command.CommandText = $"INSERT INTO {table.Name} ({table.ColumnNames}) VALUES {string.Join(", ", values)}{table.OnConflict}";
        await command.ExecuteNonQueryAsync(cancellation);
    }

    // COPY has no conflict handling.
    private static async Task CopyOverAsync<T>(
        NpgsqlConnection connection, BulkTable table, List<object> first, IEnumerator<T> rest, CancellationToken cancellation)
        where T : class
    {
        var load = $"pg_temp.\"load_{table.Name.Trim('"')}\"";
        // A transaction may write the same table twice; the load table then exists and has rows.
        await ExecuteAsync(
            $"CREATE TEMPORARY TABLE IF NOT EXISTS {load} (LIKE {table.Name} INCLUDING DEFAULTS) ON COMMIT DROP; TRUNCATE {load}",
            connection, cancellation);
        await CopyAsync(connection, load, table, first, rest, cancellation);
        await ExecuteAsync(
            $"INSERT INTO {table.Name} ({table.ColumnNames}) SELECT {table.ColumnNames} FROM {load}{table.OnConflict}",
            connection, cancellation);
    }

    private static async Task CopyAsync<T>(
        NpgsqlConnection connection, string into, BulkTable table, List<object> first, IEnumerator<T> rest, CancellationToken cancellation)
        where T : class
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY {into} ({table.ColumnNames}) FROM STDIN (FORMAT BINARY)", cancellation);
        foreach (var row in first)
            await WriteRowAsync(copy, table, row, cancellation);
        while (rest.MoveNext())
            await WriteRowAsync(copy, table, rest.Current, cancellation);
        await copy.CompleteAsync(cancellation);
    }

    private static async Task WriteRowAsync(NpgsqlBinaryImporter copy, BulkTable table, object row, CancellationToken cancellation)
    {
        await copy.StartRowAsync(cancellation);
        foreach (var column in table.Columns)
        {
            if (column.Value(row) is { } value)
                await copy.WriteAsync(value, column.Type, cancellation);
            else
                await copy.WriteNullAsync(cancellation);
        }
    }

    private static async Task ExecuteAsync(string sql, NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
