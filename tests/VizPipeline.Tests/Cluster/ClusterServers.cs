using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Minio;
using Minio.DataModel.Args;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Deployment;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>
/// Real PostgreSQL, RabbitMQ and S3 servers that tests may kill, with accounts per role as the shipped scripts and documents create them.
/// Only tests of the collection of processes use them, one at a time.
/// </summary>
public static class ClusterServers
{
    private static readonly Lazy<Task> Accounts = new(MakeAccountsAsync);
    private static readonly Lazy<Task<JsonElement>> Permissions = new(ReadPermissionsAsync);
    private static int _settings;

    public static TestServer Postgres { get; } = new("postgres", "cluster");

    public static TestServer RabbitMq { get; } = new("rabbitmq", "cluster");

    public static TestServer S3 { get; } = new("s3", "cluster");

    /// <summary>Starts all three servers. Skips the test if one is not installed.</summary>
    public static Task StartAsync() => Task.WhenAll(Postgres.StartAsync(), RabbitMq.StartAsync(), S3.StartAsync());

    /// <summary>
    /// Creates a database with its tables, a virtual host and a bucket, with the rights of the roles, and returns a coordinator's settings
    /// for them. Skips the test if a server is not installed.
    /// </summary>
    public static async Task<Dictionary<string, string>> SettingsAsync()
    {
        var all = await EmptyAsync();
        await using var owner = new PostgresCatalogDatabase(Options(all["Postgres__Database"], "viz_owner", "owner-password"));
        await owner.MigrateAsync();
        return all;
    }

    /// <summary>Does the same without creating the tables.</summary>
    public static async Task<Dictionary<string, string>> EmptyAsync()
    {
        await StartAsync();
        await Accounts.Value;
        var name = $"test{Interlocked.Increment(ref _settings)}";
        await Task.WhenAll(MakeVirtualHostAsync(name), MakeDatabaseAsync(name), MakeBucketAsync(name));
        return new Dictionary<string, string>
        {
            ["RabbitMq__Host"] = "127.0.0.1",
            ["RabbitMq__Port"] = $"{RabbitMq.Port}",
            ["RabbitMq__VirtualHost"] = name,
            ["RabbitMq__User"] = "viz-coordinator",
            ["RabbitMq__Password"] = "coordinator-secret",
            ["Postgres__Host"] = "127.0.0.1",
            ["Postgres__Port"] = $"{Postgres.Port}",
            ["Postgres__Database"] = name,
            ["Postgres__User"] = "viz_coordinator",
            ["Postgres__Password"] = "coordinator-password",
            ["ObjectStore__Endpoint"] = $"http://127.0.0.1:{S3.Port}",
            ["ObjectStore__Bucket"] = name,
            ["ObjectStore__AccessKey"] = "viz-coordinator",
            ["ObjectStore__SecretKey"] = "coordinator-secret",
        };
    }

    /// <summary>Overrides for a worker: its accounts, and no database.</summary>
    public static Dictionary<string, string> WorkerSettings { get; } = new()
    {
        ["RabbitMq__User"] = "viz-worker",
        ["RabbitMq__Password"] = "worker-secret",
        ["ObjectStore__AccessKey"] = "viz-worker",
        ["ObjectStore__SecretKey"] = "worker-secret",
        ["Postgres__Host"] = "",
        ["Postgres__User"] = "",
        ["Postgres__Password"] = "",
    };

    /// <summary>Overrides for the atlas service: its accounts.</summary>
    public static Dictionary<string, string> AtlasSettings { get; } = new()
    {
        ["RabbitMq__User"] = "viz-atlas",
        ["RabbitMq__Password"] = "atlas-secret",
        ["ObjectStore__AccessKey"] = "viz-atlas",
        ["ObjectStore__SecretKey"] = "atlas-secret",
        ["Postgres__User"] = "viz_atlas",
        ["Postgres__Password"] = "atlas-password",
    };

    /// <summary>Grants or revokes the worker's rights to a bucket through its policy.</summary>
    public static async Task SetPolicyAsync(string bucket, string coordinator = "viz-coordinator", string worker = "viz-worker")
    {
        var written = await Helm.Execute(
            Repository.Path("deploy", "bucket-policy"), [bucket, Principal(coordinator), Principal(worker), Principal("viz-atlas")], new());
        Assert.True(written.ExitCode == 0, written.Error);
        using var client = new MinioClient().WithEndpoint($"127.0.0.1:{S3.Port}").WithCredentials("viz-coordinator", "coordinator-secret")
            .WithRegion("us-east-1").Build();
        await client.SetPolicyAsync(new SetPolicyArgs().WithBucket(bucket).WithPolicy(written.Output));
    }

    private static string Principal(string name) => $"arn:aws:iam:::user/{name}";

    private static async Task MakeAccountsAsync()
    {
        foreach (var role in (string[])["coordinator", "worker", "atlas"])
        {
            using (var http = Management())
                (await http.PutAsJsonAsync($"users/viz-{role}", new { password = $"{role}-secret", tags = "" })).EnsureSuccessStatusCode();
            await S3.RunAsync(
                "admin", "user", "create", $"--uid=viz-{role}", $"--display-name={role}", $"--access-key=viz-{role}",
                $"--secret-key={role}-secret",
                $"--max-buckets={(role == "coordinator" ? 1000 : -1)}");
        }
        await using var server = NpgsqlDataSource.Create(PostgresConnection.String(Options("postgres", "postgres", "admin-secret")));
        // The roles as docs/sql.md creates them; each test has its own database.
        foreach (var statement in SqlDocumentation.Roles[0].Split('\n').Where(
            line => line.StartsWith("CREATE ROLE", StringComparison.Ordinal)))
            await ExecuteAsync(server, statement);
    }

    // Uses the management API, because each call of rabbitmqctl takes a second.
    private static async Task MakeVirtualHostAsync(string name)
    {
        using var http = Management();
        (await http.PutAsJsonAsync($"vhosts/{name}", new { })).EnsureSuccessStatusCode();
        foreach (var of in (await Permissions.Value).EnumerateArray())
        {
            var (user, rights) = (of.GetProperty("user").GetString(), new Dictionary<string, string>());
            if (user == "viz-monitor")
                continue;
            foreach (var right in (string[])["configure", "write", "read"])
                rights[right] = of.GetProperty(right).GetString()!;
            (await http.PutAsJsonAsync($"permissions/{name}/{user}", rights)).EnsureSuccessStatusCode();
        }
    }

    /// <summary>Creates a client of the broker's management API, as administrator.</summary>
    public static HttpClient Management()
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{RabbitMq.Port + 2}/api/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("app:app-secret"u8));
        return http;
    }

    private static async Task MakeDatabaseAsync(string name)
    {
        await using (var server = NpgsqlDataSource.Create(PostgresConnection.String(Options("postgres", "postgres", "admin-secret"))))
            await ExecuteAsync(server, $"CREATE DATABASE {name} OWNER viz_owner");
        await using var database = NpgsqlDataSource.Create(PostgresConnection.String(Options(name, "postgres", "admin-secret")));
        await ExecuteAsync(database, SqlDocumentation.Roles[1].Replace("DATABASE viz ", $"DATABASE {name} ", StringComparison.Ordinal));
    }

    private static async Task MakeBucketAsync(string name)
    {
        using (var store = new S3ObjectStore(new S3Options
        {
            Endpoint = $"http://127.0.0.1:{S3.Port}",
            Bucket = name,
            AccessKey = "viz-coordinator",
            SecretKey = "coordinator-secret",
        }))
            await store.EnsureBucketAsync(TimeSpan.FromSeconds(10));
        await SetPolicyAsync(name);
    }

    // Reads the permissions of the broker in compose and in the chart's trial setup.
    private static async Task<JsonElement> ReadPermissionsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("viz-definitions-").FullName;
        try
        {
            var written = await Helm.Execute("/bin/sh", [Path.Combine(Helm.Chart, "files", "rabbitmq-start.sh"), "true"], new()
            {
                ["COORDINATOR_PASSWORD"] = "c",
                ["WORKER_PASSWORD"] = "w",
                ["ATLAS_PASSWORD"] = "a",
                ["MONITOR_PASSWORD"] = "m",
                ["RUN_FOLDER"] = folder,
            });
            Assert.True(written.ExitCode == 0, written.Error);
            return JsonDocument.Parse(
                await File.ReadAllTextAsync(Path.Combine(folder, "definitions.json"))).RootElement.GetProperty("permissions");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static PostgresOptions Options(string database, string user, string password)
        => new() { Host = "127.0.0.1", Port = Postgres.Port, Database = database, User = user, Password = password };
}
