using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Catalog;

/// <summary>Tests the roles that docs/sql.md sets up, on a real server.</summary>
public sealed class RoleTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_role_may_do_its_work_and_nothing_else()
    {
        // Roles are shared by the whole server, so name them after this test's own database.
        var database = (await TestPostgres.NewDatabaseAsync()).Database + "r";
        var roles = SqlDocumentation.Roles.Select(sql => sql.Replace("viz", database)).ToList();
        await RunAsync(TestPostgres.Admin, roles[0]);
        await RunAsync(On(TestPostgres.Admin), roles[1]);
        var owner = As("owner");
        var coordinator = As("coordinator");
        var atlas = As("atlas");
        var reader = As("reader");

        await RefusesAsync(() => new PostgresCatalogDatabase(coordinator).MigrateAsync(_cancellation));
        await new PostgresCatalogDatabase(owner).MigrateAsync(_cancellation);
        await RunAsync(owner, roles[2]);

        // The coordinator starts, leads, plans and ingests results, but changes no table.
        await using var catalog = new CatalogFixture(coordinator);
        await FilledCatalog.FillAsync(catalog);
        await catalog.Database.CheckSchemaAsync(_cancellation);
        await using (var leadership = await catalog.Database.TryLeadAsync(_cancellation))
            Assert.NotNull(leadership);
        foreach (var forbidden in new[]
        {
            "ALTER TABLE job ADD COLUMN mine int", "DROP TABLE job", "CREATE TABLE mine (x int)", "TRUNCATE job",
        })
            await ForbidsAsync(coordinator, forbidden);

        await new PostgresCatalogDatabase(atlas).CheckSchemaAsync(_cancellation);
        foreach (var table in new[] { "atlas", "layer", "neuron", "patch", "picture", "facet", "image", "image_class", "job", "worker" })
        {
            await RunAsync(atlas, $"SELECT count(*) FROM {table}");
            await ForbidsAsync(atlas, $"DELETE FROM {table}");
        }

        // The atlas service writes lists and notes, and nobody else reads them.
        var lists = new NeuronLists(new PostgresCatalogDatabase(atlas).Notes, TimeProvider.System);
        var (list, _) = await lists.CreateAsync("demo", "Eyes", _cancellation);
        Assert.True(await lists.PutAsync("demo", list.Id, "conv1", 0, "round", _cancellation));
        Assert.True(await lists.DeleteAsync("demo", list.Id, _cancellation));
        foreach (var table in new[] { "neuron_list", "listed_neuron" })
        {
            await ForbidsAsync(atlas, $"TRUNCATE {table}");
            await ForbidsAsync(reader, $"SELECT count(*) FROM {table}");
        }
        await RunAsync(owner, $"REVOKE INSERT ON neuron_list FROM {atlas.User}");
        var unable = await Assert.ThrowsAsync<CatalogUnusableException>(() => lists.CreateAsync("demo", "Eyes", _cancellation));
        Assert.Contains("grant the role what docs/sql.md lists", unable.Message);

        foreach (var (view, _) in SqlDocumentation.Views)
            Assert.True(await RunAsync(reader, $"SELECT count(*) FROM {view}") is > 0L);
        foreach (var table in new[]
        {
            "atlas", "layer", "neuron", "patch", "picture", "facet", "image", "image_class", "job", "worker", "schema_migration",
        })
        {
            await ForbidsAsync(reader, $"SELECT count(*) FROM {table}");
            await ForbidsAsync(reader, $"DELETE FROM {table}");
        }
        foreach (var forbidden in new[]
        {
            "UPDATE v_worker SET host = 'mine'",
            "DELETE FROM v_worker",
            "INSERT INTO v_worker (worker) VALUES ('mine')",
            "CREATE TABLE mine (x int)",
            "CREATE TEMPORARY TABLE mine (x int)",
            "DROP VIEW v_job",
        })
            await ForbidsAsync(reader, forbidden);
        await RefusesAsync(() => new PostgresCatalogDatabase(reader).CheckSchemaAsync(_cancellation));

        // Views of an older version are replaced by their owner alone, and keep the rights granted on them.
        await RunAsync(owner, "COMMENT ON VIEW v_worker IS 'older'");
        await new PostgresCatalogDatabase(atlas).CheckSchemaAsync(_cancellation);
        var stale = await Assert.ThrowsAsync<CatalogUnusableException>(
            () => new PostgresCatalogDatabase(coordinator).MigrateAsync(_cancellation));
        Assert.Contains("lacks the current views", stale.Message);
        await new PostgresCatalogDatabase(owner).MigrateAsync(_cancellation);
        await new PostgresCatalogDatabase(coordinator).MigrateAsync(_cancellation);
        Assert.True(await RunAsync(reader, "SELECT count(*) FROM v_worker") is > 0L);

        PostgresOptions On(PostgresOptions options) => new()
        {
            Host = options.Host,
            Port = options.Port,
            Database = database,
            User = options.User,
            Password = options.Password,
        };

        PostgresOptions As(string role)
        {
            var options = On(TestPostgres.Admin);
            (options.User, options.Password) = ($"{database}_{role}", $"{role}-password");
            return options;
        }
    }

    private async Task<object?> RunAsync(PostgresOptions options, string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresConnection.String(options));
        object? result = null;
        // Run the statements one by one: several together form a transaction, in which CREATE DATABASE is not allowed.
        foreach (var statement in sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = source.CreateCommand(statement);
            result = await command.ExecuteScalarAsync(_cancellation);
        }
        return result;
    }

    private async Task ForbidsAsync(PostgresOptions options, string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(options, sql));
        Assert.True(refused.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{sql}: {refused.MessageText}");
    }

    private static async Task RefusesAsync(Func<Task> attempt)
        => Assert.Contains("permission denied", (await Assert.ThrowsAsync<CatalogUnusableException>(attempt)).Message);
}
