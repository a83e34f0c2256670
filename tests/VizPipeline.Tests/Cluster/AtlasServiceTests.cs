using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using VizPipeline.Catalog;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests the atlas service on a cluster: with read and request rights only, alongside batch jobs.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class AtlasServiceTests(SampleMaterial material, ITestOutputHelper output)
{
    private const string Program = "VizPipeline.Atlas";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_API_and_live_tool_work_while_an_atlas_is_made_with_the_rights_that_the_documents_give()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        using var atlas = Start(cluster.Settings);
        using var http = await ClientAsync(atlas);
        Assert.Contains("There is no atlas yet", await http.GetStringAsync("/", _cancellation));
        await cluster.SubmitAsync(_cancellation);
        Assert.Contains("In progress", await http.GetStringAsync("/atlases/sample-network", _cancellation));

        var picture = await File.ReadAllBytesAsync(
            Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories)[0], _cancellation);
        var times = new List<double>();
        while ((await cluster.ProgressAsync(_cancellation)) is var (done, all) && done < all && times.Count < 100)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await http.PostAsync(
                "/api/v1/atlases/sample-network/live/maps?layer=conv3", new ByteArrayContent(picture), _cancellation);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(_cancellation));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        output.WriteLine(
            $"{times.Count} live requests over HTTP beside batch work: median {times[times.Count / 2]:F0} ms, slowest {times[^1]:F0} ms");
        Assert.True(times[times.Count / 2] < 1000);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));

        foreach (var path in new[]
        {
            "/atlases/sample-network", "/atlases/sample-network/layers/conv3", "/atlases/sample-network/neurons/conv3/5",
            "/atlases/sample-network/tiles/conv3/top9/00005.jpg", "/atlases/sample-network/crops/0.jpg",
        })
            Assert.True((await http.GetAsync(path, _cancellation)).IsSuccessStatusCode, path);
        var neurons = await http.GetFromJsonAsync<JsonElement>("/api/v1/atlases/sample-network/neurons?sort=-max&limit=5", _cancellation);
        Assert.Equal(5, neurons.GetProperty("items").GetArrayLength());
        var similar = await http.GetFromJsonAsync<JsonElement>(
            "/api/v1/atlases/sample-network/layers/conv3/neurons/5/similar?limit=4", _cancellation);
        Assert.Equal(4, similar.GetProperty("items").GetArrayLength());
        var responses = await (await http.PostAsync(
            "/api/v1/atlases/sample-network/live/responses?limit=3", new ByteArrayContent(picture), _cancellation))
            .Content.ReadFromJsonAsync<JsonElement>(_cancellation);
        Assert.Equal(3, responses.GetProperty("neurons").GetArrayLength());
        // It restarts after a crash and loses nothing, because it has no state.
        atlas.Kill();
        await atlas.FinishAsync(TimeSpan.FromSeconds(10), _cancellation);
        using var again = Start(cluster.Settings);
        using var second = await ClientAsync(again);
        Assert.Contains("conv3", await second.GetStringAsync("/atlases/sample-network", _cancellation));
        // `viz query` uses it, too.
        var (exitCode, told) = await cluster.VizAsync(
            _cancellation, "query", $"{second.BaseAddress}atlases/sample-network", "--layer", "conv3", "--limit", "2", "--format", "csv");
        Assert.True(exitCode == 0 && told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 3, told);
        again.Terminate();
        Assert.Equal(0, await again.FinishAsync(TimeSpan.FromSeconds(30), _cancellation));
        Assert.DoesNotContain("secret", atlas.Log + again.Log);
    }

    [Fact]
    public async Task A_catalog_without_tables_and_a_wrong_password_are_one_line_each()
    {
        var settings = await ClusterServers.EmptyAsync();
        await FailsAsync(settings, "migrate");
        await FailsAsync(new(settings) { ["Postgres__Password"] = "wrong" }, "Postgres:Password");
    }

    private async Task FailsAsync(Dictionary<string, string> settings, string named)
    {
        using var atlas = ServiceProcess.Start(
            Program, new Dictionary<string, string>(settings) { ["Http__Port"] = "0", ["Startup__PatienceSeconds"] = "5" });
        Assert.Equal(2, await atlas.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        var line = Assert.Single(atlas.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith(
            "viz-atlas cannot start", StringComparison.Ordinal));
        Assert.Contains(named, line);
    }

    private static ServiceProcess Start(Dictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>(settings);
        foreach (var (name, value) in ClusterServers.AtlasSettings)
            all[name] = value;
        all["Http__Port"] = $"{TestServer.FreePorts(1)}";
        return ServiceProcess.Start(Program, all);
    }

    private async Task<HttpClient> ClientAsync(ServiceProcess atlas)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (System.Text.RegularExpressions.Regex.Match(
                atlas.Log, @"Now listening on: http://[0-9.]+:([0-9]+)") is { Success: true } match)
                return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{match.Groups[1].Value}") };
            Assert.True(attempt < 150 && atlas.IsRunning, atlas.Log);
            await Task.Delay(200, _cancellation);
        }
    }
}
