using System.Security.Cryptography;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Import;
using VizPipeline.Tests.Containers;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Runs the commands of docs/operations.md.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class OperationsTests(SampleMaterial material, ITestOutputHelper output)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_of_a_running_cluster_restored_elsewhere_goes_on_to_the_same_atlas()
    {
        Assert.SkipUnless(
            (await Deployment.Helm.Execute("bash", ["-c", "command -v rclone && command -v pg_dump"], [])).ExitCode == 0,
            "rclone or pg_dump is not installed: tests/servers/install.sh brings them");
        var backup = Directory.CreateDirectory(material.Out("backup")).FullName;
        string expected;
        await using (var cluster = await TestCluster.StartAsync(material))
        {
            cluster.AddWorkers(1);
            await cluster.WaitForWorkersAsync(1, _cancellation);
            await cluster.SubmitAsync(_cancellation);
            // Back up midway, while jobs are running.
            while ((await cluster.ProgressAsync(_cancellation)) is var (done, all) && done < all * 2 / 3)
                await Task.Delay(20, _cancellation);
            await RunAsync(backup, cluster.Settings, MarkdownCommands.Of("Backup", "docs", "operations.md"));
            var (doneThen, _) = await cluster.ProgressAsync(_cancellation);
            output.WriteLine($"{doneThen} jobs done when the backup was complete");
            Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
            expected = await cluster.ContentsAsync(_cancellation);
        }

        // Restore elsewhere: to another database, bucket and virtual host.
        var settings = await ClusterServers.EmptyAsync();
        var told = await RunAsync(
            backup,
            settings,
            MarkdownCommands.Of("Restore", "docs", "operations.md"),
            [
                ("ATLAS", "sample-network"), ("VIZ", Path.Combine(AppContext.BaseDirectory, "viz")),
                .. With(settings, ClusterServers.AtlasSettings).Select(setting => (setting.Key, setting.Value)),
            ]);
        output.WriteLine(told);
        Assert.Matches(
            "[1-9][0-9]* neurons with [1-9][0-9]* patches computed again on [1-9][0-9]* images, [1-9][0-9]* pictures read: all agree",
            told);
        await using var restored = await TestCluster.StartAsync(material, settings: settings);
        restored.AddWorkers(1);
        Assert.Equal(AtlasState.Completed, await restored.FinishAsync(_cancellation));
        Assert.Equal(expected, await restored.ContentsAsync(_cancellation));
    }

    [Fact]
    public async Task A_dictionary_travels_to_the_workers_and_stays_with_the_atlas()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        var table = material.Out("directions.npy");
        var channels = NetworkLoader.Load(material.Model).Layer("conv2").Neurons;
        NpyArray.Write(table, new FloatTensor("directions", [3, channels], [.. Enumerable.Range(0, 3 * channels).Select(i => i % 5 - 2f)]));
        var (exitCode, told) = await cluster.VizAsync(
            _cancellation, "submit", "--model", material.Model, "--images", material.Images, "--layers", "conv1", "--methods", "top9",
            "--directions", $"conv2={table}");
        Assert.True(exitCode == 0, told);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));

        using var store = cluster.Store();
        var spec = VizJson.Read<AtlasSpec>(await store.GetAsync(AtlasKeys.Spec("sample-network"), _cancellation));
        Assert.Equal(["conv1", "conv2@directions"], spec.Layers.Select(layer => layer.Name));
        var dictionary = Assert.Single(spec.Dictionaries!);
        Assert.Null(dictionary.Key);
        var kept = await store.GetAsync(AtlasKeys.Dictionary("sample-network", dictionary.Sha256), _cancellation);
        Assert.Equal(dictionary.Sha256, Convert.ToHexStringLower(SHA256.HashData(kept)));
        var facts = VizJson.Read<DictionaryFacts>(
            await store.GetAsync(AtlasKeys.Reconstruction("sample-network", "conv2@directions"), _cancellation));
        Assert.Null(facts.R2);
        Assert.True(facts.Places > 0);
    }

    [Fact]
    public async Task Verifying_on_a_cluster_names_what_is_missing_in_one_line()
    {
        var settings = With(await ClusterServers.SettingsAsync(), ClusterServers.AtlasSettings);
        await IsRefusedAsync(settings, "has no atlas 'nowhere'");
        await IsRefusedAsync(new(settings) { ["Postgres__Password"] = "wrong" }, "Postgres:Password");
        await IsRefusedAsync(new() { ["VIZ_SECRETS"] = "/nowhere" }, "Postgres:Host is missing", "ObjectStore:Endpoint");

        async Task IsRefusedAsync(Dictionary<string, string> all, params string[] parts)
        {
            using var viz = ServiceProcess.Start("viz", all, "verify", "nowhere", "--cluster");
            Assert.Equal(2, await viz.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
            var line = Assert.Single(viz.Log.Trim().Split('\n'));
            Assert.All(parts, part => Assert.Contains(part, line));
        }
    }

    [Fact]
    public async Task An_atlas_goes_on_at_once_after_the_broker_has_lost_its_queues()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        await cluster.SubmitAsync(_cancellation);
        // Jobs are sent and wait for a worker.
        await Task.Delay(3000, _cancellation);
        using var management = ClusterServers.Management();
        var host = cluster.Settings["RabbitMq__VirtualHost"];
        var queues = System.Text.Json.JsonDocument.Parse(
            await management.GetStringAsync($"queues/{host}", _cancellation)).RootElement.EnumerateArray().Select(queue
                => queue.GetProperty("name").GetString()!).ToList();
        Assert.Contains("viz.scan", queues);
        foreach (var queue in queues.Where(
            queue => !queue.Contains("progress", StringComparison.Ordinal) && !queue.Contains("client", StringComparison.Ordinal)))
            (await management.DeleteAsync($"queues/{host}/{Uri.EscapeDataString(queue)}", _cancellation)).EnsureSuccessStatusCode();
        cluster.Coordinators.Single().Kill();
        cluster.AddWorkers(1);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
    }

    [Fact]
    public async Task Tables_of_the_version_before_are_brought_up_to_date_with_what_is_in_them()
    {
        var settings = await ClusterServers.EmptyAsync();
        await RunAsync(
            Directory.CreateDirectory(material.Out("previous")).FullName, settings, ["psql -q -v ON_ERROR_STOP=1 -f - < \"$PREVIOUS\""], (
                "PREVIOUS", await PreviousAsync()));
        using var old = ServiceProcess.Start("VizPipeline.Atlas", With(settings, ClusterServers.AtlasSettings));
        Assert.Equal(2, await old.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        Assert.Contains("lacks migration", old.Log);
        using var migrate = ServiceProcess.Start(
            "VizPipeline.Coordinator", With(
                settings, new() { ["Postgres__User"] = "viz_owner", ["Postgres__Password"] = "owner-password" }), "migrate");
        Assert.True(await migrate.FinishAsync(TimeSpan.FromSeconds(60), _cancellation) == 0, migrate.Log);
        var rows = await RunAsync(material.Out("previous"), settings, ["psql -At -c 'SELECT slug, name FROM atlas'"]);
        Assert.Equal("before|An atlas of before", rows.Trim());

        // The reverse: a program older than the tables.
        await RunAsync(
            material.Out("previous"), settings, ["psql -q -c \"INSERT INTO schema_migration VALUES ('99990101000000_Later', '99.0')\""]);
        using var refused = ServiceProcess.Start("VizPipeline.Coordinator", With(settings, []));
        Assert.Equal(2, await refused.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        Assert.Contains("99990101000000_Later", refused.Log);
    }

    private async Task<string> PreviousAsync()
    {
        var file = material.Out("previous.sql");
        await File.WriteAllTextAsync(file, $"{ContainerTests.PreviousSchema()}\n{Row}", _cancellation);
        return file;
    }

    // A row with whatever columns that version has.
    private const string Row =
        """
        DO $$
        DECLARE names text; vals text;
        BEGIN
            SELECT string_agg(quote_ident(column_name), ', '), string_agg(CASE
                WHEN column_name = 'spec' THEN '''{}''' WHEN column_name = 'slug' THEN '''before'''
                WHEN column_name = 'name' THEN '''An atlas of before'''
                WHEN data_type LIKE 'timestamp%' THEN 'now()' WHEN data_type IN ('integer', 'bigint', 'double precision', 'real') THEN '1'
                WHEN data_type = 'boolean' THEN 'false' WHEN data_type = 'jsonb' THEN '''{}''' WHEN data_type = 'bytea' THEN ''''''
                ELSE '''Completed''' END, ', ')
            INTO names, vals FROM information_schema.columns
            WHERE table_name = 'atlas' AND table_schema = 'public' AND is_nullable = 'NO' AND is_identity = 'NO';
            EXECUTE format('INSERT INTO atlas (%s) VALUES (%s)', names, vals);
        END $$;
        """;

    private static Dictionary<string, string> With(Dictionary<string, string> settings, Dictionary<string, string> others)
    {
        var all = new Dictionary<string, string>(
            settings)
        { ["Http__Port"] = "0", ["VIZ_SECRETS"] = "/nowhere", ["Startup__PatienceSeconds"] = "8" };
        foreach (var (name, value) in others)
            all[name] = value;
        return all;
    }

    // Runs commands as viz_owner, with an rclone remote for the store.
    private static Task<string> RunAsync(
        string folder, Dictionary<string, string> settings, IReadOnlyList<string> lines, params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>
        {
            ["PGHOST"] = settings["Postgres__Host"],
            ["PGPORT"] = settings["Postgres__Port"],
            ["PGDATABASE"] = settings["Postgres__Database"],
            ["PGUSER"] = "viz_owner",
            ["PGPASSWORD"] = "owner-password",
            ["BUCKET"] = settings["ObjectStore__Bucket"],
            ["RCLONE_CONFIG_STORE_TYPE"] = "s3",
            ["RCLONE_CONFIG_STORE_PROVIDER"] = "Ceph",
            ["RCLONE_CONFIG_STORE_ENDPOINT"] = settings["ObjectStore__Endpoint"],
            ["RCLONE_CONFIG_STORE_ACCESS_KEY_ID"] = settings["ObjectStore__AccessKey"],
            ["RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY"] = settings["ObjectStore__SecretKey"],
            ["RCLONE_CONFIG"] = "/dev/null",
            // The machine may set this variable, which rclone cannot use.
            ["AWS_CA_BUNDLE"] = "",
        };
        foreach (var (name, value) in more)
            variables[name] = value;
        return Shell.RunAsync(
            folder, variables, $"set -euo pipefail\nviz() {{ \"$VIZ\" \"$@\"; }}\n{string.Join('\n', lines)}", TimeSpan.FromMinutes(3));
    }
}
