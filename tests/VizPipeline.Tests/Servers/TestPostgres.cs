using Npgsql;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Servers;

/// <summary>The PostgreSQL server for tests that do not disturb it.</summary>
public static class TestPostgres
{
    private static readonly TestServer Server = new("postgres", "catalog");
    private static int _count;

    /// <summary>The superuser; valid once a database has been created.</summary>
    public static PostgresOptions Admin => Options(Server, "postgres", "postgres", "admin-secret");

    /// <summary>Creates an empty database for the running test. Skips the test if PostgreSQL is not installed.</summary>
    public static Task<PostgresOptions> NewDatabaseAsync() => NewDatabaseAsync(Server);

    /// <inheritdoc cref="NewDatabaseAsync()"/>
    public static async Task<PostgresOptions> NewDatabaseAsync(TestServer server)
    {
        await server.StartAsync();
        var name = $"viz{Interlocked.Increment(ref _count)}";
        await using var source = NpgsqlDataSource.Create(PostgresConnection.String(Options(server, "postgres", "app", "app-secret")));
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        return Options(server, name, "app", "app-secret");
    }

    private static PostgresOptions Options(TestServer server, string database, string user, string password)
        => new() { Host = "127.0.0.1", Port = server.Port, Database = database, User = user, Password = password };
}
