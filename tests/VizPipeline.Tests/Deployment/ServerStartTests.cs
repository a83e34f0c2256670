using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Deployment;

/// <summary>The scripts that create an account per role in the servers of compose and of the chart's trial.</summary>
public sealed class ServerStartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("viz-start-");

    private Dictionary<string, string> Rabbit => new()
    {
        ["COORDINATOR_PASSWORD"] = "c0",
        ["WORKER_PASSWORD"] = "w0",
        ["ATLAS_PASSWORD"] = "a0",
        ["MONITOR_PASSWORD"] = "m0",
        ["RUN_FOLDER"] = _folder.FullName,
    };

    private Dictionary<string, string> Store => new()
    {
        ["COORDINATOR_ACCESS_KEY"] = "ca",
        ["COORDINATOR_SECRET_KEY"] = "cs",
        ["WORKER_ACCESS_KEY"] = "wa",
        ["WORKER_SECRET_KEY"] = "ws",
        ["ATLAS_ACCESS_KEY"] = "aa",
        ["ATLAS_SECRET_KEY"] = "as",
        ["BUCKET"] = "viz",
        ["RUN_FOLDER"] = _folder.FullName,
        ["WEED"] = "echo",
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RabbitMQ_gets_an_account_for_each_role_and_no_administrator()
    {
        var result = await Start("rabbitmq-start.sh", Rabbit, "sh", "-c", "echo $RABBITMQ_CONFIG_FILE");
        Assert.Equal(Path.Combine(_folder.FullName, "rabbitmq.conf"), result.Output.Trim());
        var definitions = Written("definitions.json");
        Assert.Equal(["viz-coordinator", "viz-worker", "viz-atlas", "viz-monitor"], Pod.List(definitions["users"]).Select(u => (string?)u["name"]));
        Assert.Equal(["", "", "", "monitoring"], Pod.List(definitions["users"]).Select(u => (string?)u["tags"]));
    }

    [Fact]
    public async Task Workers_may_use_the_queues_of_jobs_and_not_read_the_answers()
    {
        await Start("rabbitmq-start.sh", Rabbit, "true");
        var worker = Pod.List(Written("definitions.json")["permissions"]).Single(p => (string?)p["user"] == "viz-worker");
        var (read, write) = ((string)worker["read"]!, (string)worker["write"]!);
        Assert.All(DeploymentContract.JobKinds, kind => Assert.Matches(read, "viz." + kind));
        // MassTransit's exchanges for messages and faults, and the queue of responses.
        Assert.All((string[])["VizPipeline.Jobs:ScanShard", "MassTransit:Fault--VizPipeline.Jobs:ScanShard--", "viz.bus.host"], name => Assert.Matches(read, name));
        Assert.DoesNotMatch(read, "viz.answers");
        Assert.Matches(write, "viz.answers");
        Assert.All((string[])["other", "amq.topic", "vizier"], name => Assert.False(Regex.IsMatch(name, read) || Regex.IsMatch(name, write)));
    }

    [Fact]
    public async Task The_atlas_may_ask_about_pictures_and_neither_read_nor_send_jobs()
    {
        await Start("rabbitmq-start.sh", Rabbit, "true");
        var atlas = Pod.List(Written("definitions.json")["permissions"]).Single(p => (string?)p["user"] == "viz-atlas");
        var (read, write) = ((string)atlas["read"]!, (string)atlas["write"]!);
        Assert.All((string[])["viz.live", "viz.client.host-1-1"], name => Assert.Matches(write, name));
        Assert.Matches(read, "viz.client.host-1-1");
        foreach (var name in DeploymentContract.JobKinds.Where(kind => kind != "live").Select(kind => "viz." + kind).Append("viz.answers"))
            Assert.False(Regex.IsMatch(name, read) || Regex.IsMatch(name, write), name);
        Assert.DoesNotMatch(read, "viz.live");
    }

    [Fact]
    public async Task PostgreSQL_gets_an_account_that_reads_every_table_and_writes_none()
    {
        var database = (await TestPostgres.NewDatabaseAsync()).Database;
        var admin = TestPostgres.Admin;
        admin.Database = database;
        var variables = new Dictionary<string, string>
        {
            ["ATLAS_PASSWORD"] = "it's a \"secret\"",
            ["POSTGRES_USER"] = admin.User!,
            ["POSTGRES_DB"] = admin.Database,
            ["PGHOST"] = admin.Host,
            ["PGPORT"] = $"{admin.Port}",
            ["PGPASSWORD"] = admin.Password!,
        };
        var made = await Start("postgres-init.sh", variables);
        Assert.True(made.ExitCode == 0, made.Error);
        await new PostgresCatalogDatabase(admin).MigrateAsync(TestContext.Current.CancellationToken);
        (admin.User, admin.Password) = ("viz_atlas", variables["ATLAS_PASSWORD"]);
        await using var reader = new PostgresCatalogDatabase(admin);
        await reader.CheckSchemaAsync(TestContext.Current.CancellationToken);
        await using var catalog = reader.Open();
        Assert.Equal(0, await catalog.Atlases.CountAsync(TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => catalog.Atlases.ExecuteDeleteAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task The_object_store_listens_to_others_through_its_gateway_only()
    {
        var result = await Start("seaweedfs-start.sh", Store);
        Assert.Contains("-ip.bind=127.0.0.1 ", result.Output);
        Assert.Contains("-s3.ip.bind=0.0.0.0 ", result.Output);
        var identities = Pod.List(Written("s3.json")["identities"]);
        Assert.Equal("Admin:viz", (string?)Assert.Single(Pod.List(identities[0]["actions"])));
        Assert.Equal(["Read:viz", "List:viz", "Write:viz"], Pod.List(identities[1]["actions"]).Select(a => (string?)a));
        Assert.Equal(["Read:viz", "List:viz"], Pod.List(identities[2]["actions"]).Select(a => (string?)a));
    }

    [Theory]
    [InlineData("rabbitmq-start.sh", "WORKER_PASSWORD", "", "WORKER_PASSWORD is missing")]
    [InlineData("rabbitmq-start.sh", "WORKER_PASSWORD", "a\"b", "WORKER_PASSWORD may have")]
    [InlineData("seaweedfs-start.sh", "BUCKET", "", "BUCKET is missing")]
    [InlineData("seaweedfs-start.sh", "WORKER_SECRET_KEY", "a b", "WORKER_SECRET_KEY may have")]
    public async Task A_secret_that_cannot_be_used_is_named_and_not_shown(string script, string name, string value, string message)
    {
        var variables = script.StartsWith('r') ? Rabbit : Store;
        variables[name] = value;
        var result = await Start(script, variables, "true");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Error);
        Assert.False(value.Length > 0 && result.Error.Contains(value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Their_files_are_for_their_owner_only()
    {
        await Start("rabbitmq-start.sh", Rabbit, "true");
        Assert.All(_folder.GetFiles(), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
    }

    private static Task<CommandResult> Start(string script, Dictionary<string, string> variables, params string[] command) =>
        Helm.Execute("/bin/sh", [Path.Combine(Helm.Chart, "files", script), .. command], variables);

    private JsonNode Written(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.FullName, file)))!;
}
