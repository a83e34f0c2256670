using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>
/// Leadership by an advisory lock on one connection. The server releases it when the connection ends, for whatever reason.
/// </summary>
internal sealed class PostgresLeadership : ILeadership
{
    // By default, an idle server notices a vanished machine only after two hours; these settings reduce that to 25 s, so that another
    // process can take over.
    private const string NoticeDeathSoon = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
    private const int SecondsToAnswer = 5;

    private readonly NpgsqlConnection _connection;
    private readonly SemaphoreSlim _asking = new(1);

    private PostgresLeadership(NpgsqlConnection connection) => this._connection = connection;

    public static async Task<PostgresLeadership?> TryAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation);
        try
        {
            await using var take = connection.CreateCommand();
            take.CommandText = $"{NoticeDeathSoon}; SELECT pg_try_advisory_lock({AdvisoryLock.Leadership})";
            if (await take.ExecuteScalarAsync(cancellation) is true)
                return new PostgresLeadership(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    public async Task<bool> IsHeldAsync(CancellationToken cancellation = default)
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            await using var ask = _connection.CreateCommand();
            ask.CommandText = "SELECT 1";
            ask.CommandTimeout = SecondsToAnswer;
            await ask.ExecuteScalarAsync(cancellation);
            return true;
        }
        catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException)
        {
            // The connection is broken. The driver would not reopen it by itself, and a new one would not hold the lock.
            return false;
        }
        finally
        {
            _asking.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The pool keeps the connection open, so release the lock explicitly.
            if (_connection.State == System.Data.ConnectionState.Open)
            {
                await using var release = _connection.CreateCommand();
                release.CommandText = $"SELECT pg_advisory_unlock({AdvisoryLock.Leadership})";
                release.CommandTimeout = SecondsToAnswer;
                await release.ExecuteScalarAsync();
            }
        }
        catch (NpgsqlException)
        {
            // The connection broke in between, which releases the lock as well.
        }
        await _connection.DisposeAsync();
        _asking.Dispose();
    }
}
