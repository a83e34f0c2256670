using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace VizPipeline.Catalog;

/// <summary>Settings of every SQLite connection.</summary>
internal sealed class SqlitePragmas : DbConnectionInterceptor
{
    private const string Patience = "PRAGMA busy_timeout = 30000;";

    private readonly string _settings;

    private SqlitePragmas(string settings) => _settings = settings;

    // WAL: readers never wait for the writer. NORMAL: a power cut may lose the last transactions but never leaves a partial one; their jobs
    // then run again. Writers wait for each other inside SQLite, because the driver itself polls every 150 ms.
    public static SqlitePragmas ForWriting { get; } = new(Patience + " PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");

    // A reader leaves the journal as it is: a sealed catalog would no longer be one file.
    public static SqlitePragmas ForReading { get; } = new(Patience);

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = _settings;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = _settings;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
