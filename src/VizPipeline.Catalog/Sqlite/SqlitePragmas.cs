using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace VizPipeline.Catalog;

/// <summary>Settings of every SQLite connection.</summary>
internal sealed class SqlitePragmas : DbConnectionInterceptor
{
    // WAL: readers never wait for the writer. NORMAL: a power cut may lose the last transactions but never leaves a partial one; their jobs
    // then run again. Writers wait for each other inside SQLite, because the driver itself polls every 150 ms.
    private const string Settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 30000;";

    public static readonly SqlitePragmas Instance = new();

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Settings;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Settings;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
