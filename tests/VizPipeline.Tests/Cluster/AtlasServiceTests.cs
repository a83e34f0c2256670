using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using VizPipeline.Catalog;
using VizPipeline.Tests.Deployment;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>The atlas as a service of a cluster: with accounts that read and ask, beside batch work.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public class AtlasServiceTests(SampleMaterial material, ITestOutputHelper output)
{
    private const string Program = "VizPipeline.Atlas";
    private readonly CancellationToken cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_API_and_live_tool_work_while_an_atlas_is_made_with_the_rights_that_the_documents_give()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, cancellation);
        using var atlas = await StartAsync(cluster.Settings);
        using var http = await ClientAsync(atlas);
        Assert.Contains("There is no atlas yet", await http.GetStringAsync("/", cancellation));
        await cluster.SubmitAsync(cancellation);
        Assert.Contains("In the making", await http.GetStringAsync("/atlases/sample-network", cancellation));

        var picture = await File.ReadAllBytesAsync(Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories)[0], cancellation);
        var times = new List<double>();
        while ((await cluster.ProgressAsync(cancellation)) is var (done, all) && done < all && times.Count < 100)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await http.PostAsync("/api/v1/atlases/sample-network/live/maps?layer=conv3", new ByteArrayContent(picture), cancellation);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancellation));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        output.WriteLine($"{times.Count} live requests over HTTP beside batch work: median {times[times.Count / 2]:F0} ms, slowest {times[^1]:F0} ms");
        Assert.True(times[times.Count / 2] < 1000);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(cancellation));

        foreach (var path in new[] { "/atlases/sample-network", "/atlases/sample-network/layers/conv3", "/atlases/sample-network/neurons/conv3/5", "/atlases/sample-network/tiles/conv3/top9/00005.jpg", "/atlases/sample-network/crops/0.jpg" })
            Assert.True((await http.GetAsync(path, cancellation)).IsSuccessStatusCode, path);
        var neurons = await http.GetFromJsonAsync<JsonElement>("/api/v1/atlases/sample-network/neurons?sort=-max&limit=5", cancellation);
        Assert.Equal(5, neurons.GetProperty("items").GetArrayLength());
        var similar = await http.GetFromJsonAsync<JsonElement>("/api/v1/atlases/sample-network/layers/conv3/neurons/5/similar?limit=4", cancellation);
        Assert.Equal(4, similar.GetProperty("items").GetArrayLength());
        var responses = await (await http.PostAsync("/api/v1/atlases/sample-network/live/responses?limit=3", new ByteArrayContent(picture), cancellation)).Content.ReadFromJsonAsync<JsonElement>(cancellation);
        Assert.Equal(3, responses.GetProperty("neurons").GetArrayLength());
        // It comes up again after any death, and has lost nothing, as it keeps nothing.
        atlas.Kill();
        await atlas.FinishAsync(TimeSpan.FromSeconds(10), cancellation);
        using var again = await StartAsync(cluster.Settings, makeAccounts: false);
        using var second = await ClientAsync(again);
        Assert.Contains("conv3", await second.GetStringAsync("/atlases/sample-network", cancellation));
        // `viz query` asks it, too.
        var (exitCode, told) = await cluster.VizAsync(cancellation, "query", $"{second.BaseAddress}atlases/sample-network", "--layer", "conv3", "--limit", "2", "--format", "csv");
        Assert.True(exitCode == 0 && told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 3, told);
        again.Terminate();
        Assert.Equal(0, await again.FinishAsync(TimeSpan.FromSeconds(30), cancellation));
        Assert.DoesNotContain("secret", atlas.Log + again.Log);
    }

    [Fact]
    public async Task A_catalog_without_tables_and_a_wrong_password_are_one_line_each()
    {
        var settings = await ClusterServers.SettingsAsync();
        await FailsAsync(settings, "migrate");
        await FailsAsync(new(settings) { ["Postgres__Password"] = "wrong" }, "Postgres:Password");
    }

    private async Task FailsAsync(Dictionary<string, string> settings, string named)
    {
        using var atlas = ServiceProcess.Start(Program, new Dictionary<string, string>(settings) { ["Http__Port"] = "0" });
        Assert.Equal(2, await atlas.FinishAsync(TimeSpan.FromSeconds(20), cancellation));
        var line = Assert.Single(atlas.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("viz-atlas cannot start", StringComparison.Ordinal));
        Assert.Contains(named, line);
    }

    // As helm/viz-pipeline/files has them for the servers of compose.
    private async Task<ServiceProcess> StartAsync(Dictionary<string, string> settings, bool makeAccounts = true)
    {
        var name = $"atlas-{settings["RabbitMq__VirtualHost"]}";
        if (makeAccounts)
        {
            var permissions = await PermissionsAsync();
            await ClusterServers.RabbitMq.RunAsync("ctl", "add_user", name, "atlas-secret");
            await ClusterServers.RabbitMq.RunAsync("ctl", "set_permissions", "-p", settings["RabbitMq__VirtualHost"], name, permissions.Configure, permissions.Write, permissions.Read);
            var sql = (await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", "postgres-init.sh"), cancellation)).Replace("viz_atlas", name.Replace('-', '_'), StringComparison.Ordinal);
            var script = material.Out($"{name}.sh");
            await File.WriteAllTextAsync(script, sql, cancellation);
            // The tables' owner here is "app", who makes default privileges; only the administrator makes roles.
            var made = await Helm.Execute("/bin/sh", [script], new()
            {
                ["ATLAS_PASSWORD"] = "atlas-secret",
                ["POSTGRES_USER"] = "postgres",
                ["POSTGRES_DB"] = settings["Postgres__Database"],
                ["PGHOST"] = "127.0.0.1",
                ["PGPORT"] = settings["Postgres__Port"],
                ["PGPASSWORD"] = "admin-secret",
                ["PGOPTIONS"] = "-c role=none",
            });
            Assert.True(made.ExitCode == 0, made.Error);
            await using var source = Npgsql.NpgsqlDataSource.Create($"Host=127.0.0.1;Port={settings["Postgres__Port"]};Database={settings["Postgres__Database"]};Username=app;Password=app-secret");
            await using var grant = source.CreateCommand($"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name.Replace('-', '_')}");
            await grant.ExecuteNonQueryAsync(cancellation);
        }
        return ServiceProcess.Start(Program, new Dictionary<string, string>(settings)
        {
            ["RabbitMq__User"] = name,
            ["RabbitMq__Password"] = "atlas-secret",
            ["Postgres__User"] = name.Replace('-', '_'),
            ["Postgres__Password"] = "atlas-secret",
            ["Http__Port"] = $"{TestServer.FreePorts(1)}",
        });
    }

    private async Task<(string Configure, string Write, string Read)> PermissionsAsync()
    {
        var folder = Directory.CreateDirectory(material.Out("definitions")).FullName;
        var written = await Helm.Execute("/bin/sh", [Path.Combine(Helm.Chart, "files", "rabbitmq-start.sh"), "true"], new()
        {
            ["COORDINATOR_PASSWORD"] = "c",
            ["WORKER_PASSWORD"] = "w",
            ["ATLAS_PASSWORD"] = "a",
            ["MONITOR_PASSWORD"] = "m",
            ["RUN_FOLDER"] = folder,
        });
        Assert.True(written.ExitCode == 0, written.Error);
        var definitions = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "definitions.json"), cancellation)).RootElement;
        var atlas = definitions.GetProperty("permissions").EnumerateArray().Single(of => of.GetProperty("user").GetString() == "viz-atlas");
        return (atlas.GetProperty("configure").GetString()!, atlas.GetProperty("write").GetString()!, atlas.GetProperty("read").GetString()!);
    }

    private async Task<HttpClient> ClientAsync(ServiceProcess atlas)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (System.Text.RegularExpressions.Regex.Match(atlas.Log, @"Now listening on: http://[0-9.]+:([0-9]+)") is { Success: true } match)
                return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{match.Groups[1].Value}") };
            Assert.True(attempt < 150 && atlas.IsRunning, atlas.Log);
            await Task.Delay(200, cancellation);
        }
    }
}
