using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
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
        Assert.Equal(
            ["viz-coordinator", "viz-worker", "viz-atlas", "viz-monitor"], Pod.List(definitions["users"]).Select(u => (string?)u["name"]));
        Assert.Equal(["", "", "", "monitoring"], Pod.List(definitions["users"]).Select(u => (string?)u["tags"]));
    }

    [Fact]
    public async Task The_accounts_have_the_rights_of_the_table_and_so_say_the_documents()
    {
        await Start("rabbitmq-start.sh", Rabbit, "true");
        Assert.Equal(
            BrokerRights.All,
            Pod.List(Written("definitions.json")["permissions"])
                .Select(of => new BrokerRights((string)of["user"]!, (string)of["configure"]!, (string)of["write"]!, (string)of["read"]!)));
        var documented = Repository.Read("docs", "cluster.md").Split('\n')
            .Single(line => line.StartsWith("| RabbitMQ, in a virtual host", StringComparison.Ordinal))
                .Replace("\\|", "|", StringComparison.Ordinal);
        foreach (var rights in BrokerRights.All.Where(role => role.User != "viz-monitor"))
            Assert.All([rights.Configure, rights.Write, rights.Read], right => Assert.Contains($"`{right}`", documented));
    }

    [Fact]
    public void Only_coordinators_read_answers_and_the_atlas_only_asks()
    {
        var (worker, atlas) = (BrokerRights.All.Single(role => role.User == "viz-worker"), BrokerRights.All.Single(
            role => role.User == "viz-atlas"));
        var jobs = JobKinds.All.Select(kind => kind.Queue).ToList();
        Assert.All(jobs.Append(QueueNames.Live), queue => Assert.Matches(worker.Read, queue));
        Assert.Matches(worker.Read, QueueNames.ExchangeOf(QueueNames.Answers));
        Assert.DoesNotMatch(worker.Read, QueueNames.Answers);
        foreach (var name in jobs.Append(QueueNames.Answers).SelectMany(queue => (string[])[queue, QueueNames.ExchangeOf(queue)]).Append(
            QueueNames.Live))
            Assert.False(Regex.IsMatch(name, atlas.Read) || Regex.IsMatch(name, atlas.Write), name);
        Assert.All((string[])["other", "amq.topic", "vizier"], name => Assert.False(
            Regex.IsMatch(name, worker.Read) || Regex.IsMatch(name, worker.Write)));
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
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => catalog.Atlases.ExecuteDeleteAsync(TestContext.Current.CancellationToken));
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
