using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>Real PostgreSQL, RabbitMQ and S3 that tests may kill. Only tests of the collection of processes use them, one after the other.</summary>
public static class ClusterServers
{
    private static int settings;

    public static TestServer Postgres { get; } = new("postgres", "cluster");

    public static TestServer RabbitMq { get; } = new("rabbitmq", "cluster");

    public static TestServer S3 { get; } = new("s3", "cluster");

    /// <summary>What a service must be told to use a new database, virtual host and bucket. Skips the test where a server is not installed.</summary>
    public static async Task<Dictionary<string, string>> SettingsAsync()
    {
        await Task.WhenAll(Postgres.StartAsync(), RabbitMq.StartAsync(), S3.StartAsync());
        var postgres = await TestPostgres.NewDatabaseAsync(Postgres);
        var name = $"test{Interlocked.Increment(ref settings)}";
        await RabbitMq.RunAsync("ctl", "add_vhost", name);
        // As docs/cluster.md says what the services need.
        const string Names = @"^(viz\.|VizPipeline\.|MassTransit:)";
        await RabbitMq.RunAsync("ctl", "set_permissions", "-p", name, "app", Names, Names, Names);
        return new Dictionary<string, string>
        {
            ["RabbitMq__Host"] = "127.0.0.1",
            ["RabbitMq__Port"] = $"{RabbitMq.Port}",
            ["RabbitMq__VirtualHost"] = name,
            ["RabbitMq__User"] = "app",
            ["RabbitMq__Password"] = "app-secret",
            ["Postgres__Host"] = postgres.Host,
            ["Postgres__Port"] = $"{postgres.Port}",
            ["Postgres__Database"] = postgres.Database,
            ["Postgres__User"] = postgres.User,
            ["Postgres__Password"] = postgres.Password!,
            ["ObjectStore__Endpoint"] = $"http://127.0.0.1:{S3.Port}",
            ["ObjectStore__Bucket"] = name,
            ["ObjectStore__AccessKey"] = "testaccess",
            ["ObjectStore__SecretKey"] = "testing-secret",
        };
    }
}
