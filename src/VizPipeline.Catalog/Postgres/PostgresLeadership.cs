using Npgsql;

namespace VizPipeline.Catalog;

/// <summary>Leadership by an advisory lock of one connection. The server gives it back when the connection ends, however it ends.</summary>
internal sealed class PostgresLeadership : ILeadership
{
    // Without traffic a server learns after two hours that a machine is gone; these say after 25 seconds, so that another may lead.
    private const string NoticeDeathSoon = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
    private const int SecondsToAnswer = 5;

    private readonly NpgsqlConnection connection;
    private readonly SemaphoreSlim asking = new(1);

    private PostgresLeadership(NpgsqlConnection connection) => this.connection = connection;

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
        await asking.WaitAsync(cancellation);
        try
        {
            await using var ask = connection.CreateCommand();
            ask.CommandText = "SELECT 1";
            ask.CommandTimeout = SecondsToAnswer;
            await ask.ExecuteScalarAsync(cancellation);
            return true;
        }
        catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException)
        {
            // The connection is broken; the driver would not open it again by itself, and the lock would not be on a new one.
            return false;
        }
        finally
        {
            asking.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The pool keeps the connection, so the lock has to be given back by name.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await using var release = connection.CreateCommand();
                release.CommandText = $"SELECT pg_advisory_unlock({AdvisoryLock.Leadership})";
                release.CommandTimeout = SecondsToAnswer;
                await release.ExecuteScalarAsync();
            }
        }
        catch (NpgsqlException)
        {
            // It broke on the way, which gives the lock back as well.
        }
        await connection.DisposeAsync();
        asking.Dispose();
    }
}
