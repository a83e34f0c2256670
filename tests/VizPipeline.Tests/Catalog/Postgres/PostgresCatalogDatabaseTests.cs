using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Catalog;

public sealed class PostgresCatalogDatabaseTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Coordinators_that_start_together_make_the_tables_once()
    {
        var options = await TestPostgres.NewDatabaseAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var database = new PostgresCatalogDatabase(options);
            await database.MigrateAsync(_cancellation);
            await database.CheckSchemaAsync(_cancellation);
        }));
    }

    public static TheoryData<string, string, bool> Faults => new()
    {
        { "wrong password", "the password is wrong, or there is no such role: check Postgres:User and Postgres:Password", false },
        { "no password", "the server asks for a password: set Postgres:Password", false },
        { "no such role", "the password is wrong, or there is no such role", false },
        { "no such database", "make it with: CREATE DATABASE \"no-such-database\";", false },
        { "no such host", "the host 'no-such-host.invalid' is not known: check Postgres:Host", true },
        { "nothing listens", "nothing listens there: check Postgres:Host and Postgres:Port", true },
        { "no answer", "the server does not answer", true },
        { "not PostgreSQL", "cannot be used", false },
        { "TLS asked for", "the server offers no TLS, and Postgres:Tls is VerifyFull", false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_server_that_cannot_be_used_is_explained_in_one_line(string fault, string expected, bool transient)
    {
        var options = await TestPostgres.NewDatabaseAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        switch (fault)
        {
            case "wrong password":
                options.Password = "a-wrong-secret";
                break;
            case "no password":
                options.Password = null;
                break;
            case "no such role":
                options.User = "no-such-role";
                break;
            case "no such database":
                options.Database = "no-such-database";
                break;
            case "no such host":
                options.Host = "no-such-host.invalid";
                break;
            case "nothing listens":
                options.Port = port;
                listener.Stop();
                break;
            case "no answer":
                options.Port = port;
                break;
            case "not PostgreSQL":
                options.Port = port;
                _ = AnswerAsync(listener);
                break;
            case "TLS asked for":
                options.Tls = PostgresTls.VerifyFull;
                break;
        }
        await using var database = new PostgresCatalogDatabase(options);
        foreach (var attempt in new Func<Task>[]
        {
            () => database.CheckSchemaAsync(_cancellation),
            () => database.MigrateAsync(_cancellation),
            () => database.TryLeadAsync(_cancellation),
        })
        {
            var watch = Stopwatch.StartNew();
            var refused = await Assert.ThrowsAsync<CatalogUnusableException>(attempt);

            Assert.Contains(expected, refused.Message);
            Assert.StartsWith(
                $"The catalog {options.Host}:{options.Port}/{options.Database} cannot be used as user '{options.User}': ", refused.Message);
            Assert.DoesNotContain('\n', refused.Message);
            Assert.DoesNotContain("secret", refused.ToString());
            Assert.Equal(transient, database.IsTransient(refused));
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"it took {watch.Elapsed}");
            if (fault == "no answer")
                break;
        }
    }

    [Theory]
    [InlineData(
        "28000", "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\", database \"viz\", no encryption",
        "the server asks for TLS, and Postgres:Tls is Disable")]
    [InlineData(
        "28000", "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\", database \"viz\", SSL encryption",
        "check Postgres:User and the server's pg_hba.conf")]
    [InlineData(
        "42501", "permission denied for schema public", "permission denied for schema public: grant the role what docs/sql.md lists")]
    [InlineData("53300", "sorry, too many clients already", "lower Postgres:Connections")]
    [InlineData("XX000", "two\nlines", "two lines (SQLSTATE XX000)")]
    public void What_the_server_refuses_comes_with_advice(string state, string message, string expected)
    {
        var options = new PostgresOptions { Host = "db", Database = "viz", User = "app", Password = "secret", Tls = PostgresTls.Disable };
        var explained = new PostgresFailures("db:5432/viz", options)
            .Explain(new InvalidOperationException("wrapped", new PostgresException(message, "FATAL", "FATAL", state)));

        Assert.Contains(expected, explained!.Message);
        Assert.Null(new PostgresFailures("db:5432/viz", options).Explain(new InvalidOperationException("a bug")));
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_is_worth_another_try()
    {
        await using var database = new PostgresCatalogDatabase(await TestPostgres.NewDatabaseAsync());
        await using var context = database.Open();

        var killed = await Assert.ThrowsAnyAsync<Exception>(
            () => context.Database.ExecuteSqlRawAsync("SELECT pg_terminate_backend(pg_backend_pid())", _cancellation));
        Assert.True(database.IsTransient(killed));
        var wrong = await Assert.ThrowsAnyAsync<Exception>(() => context.Database.ExecuteSqlRawAsync("SELECT nonsense", _cancellation));
        Assert.False(database.IsTransient(wrong));
        Assert.True(database.IsTransient(new DbUpdateException("wrapped", new PostgresException("shutdown", "FATAL", "FATAL", "57P01"))));
    }

    [Fact]
    public async Task Text_that_the_server_refuses_is_stored_without_what_it_refuses()
    {
        await using var catalog = await CatalogFixture.On(Engine.Postgres);
        var atlas = await catalog.Create(VizPipeline.Tests.Jobs.SpecSamples.Small());
        await using var context = catalog.Database.Open();
        await context.Images.Where(image => image.ImageIndex == 0)
            .ExecuteUpdateAsync(image => image.SetProperty(i => i.UnreadableReason, "a\0b\ud800c😀"), _cancellation);
        var job = await context.Jobs.AsTracking().FirstAsync(_cancellation);
        job.Error = "\udc00";
        await context.SaveChangesAsync(_cancellation);

        await using var after = catalog.Database.Open();
        Assert.Equal("a\ufffdb\ufffdc😀", (await after.UnreadableImagesAsync(atlas.Id, _cancellation)).Single().UnreadableReason);
        Assert.Equal("\ufffd", (await after.Jobs.SingleAsync(j => j.JobId == job.JobId, _cancellation)).Error);
    }

    private static async Task AnswerAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }
}
