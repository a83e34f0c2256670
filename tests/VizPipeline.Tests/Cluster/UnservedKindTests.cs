using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Deployment;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Hosting;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>
/// Jobs of a kind that no worker serves: every display reports them, and the atlas continues as soon as such a worker starts.
/// </summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class UnservedKindTests(SampleMaterial material)
{
    private const string Atlas = "sample-network";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_pages_health_and_metrics_say_which_kind_no_worker_serves()
    {
        using var small = new SmallAtlas { ShardImages = 1 };
        var (spec, images) = small.Plan();
        spec = spec with { Id = Atlas };
        var gathers = JobPlan.For(spec).Count(job => job.Group.Kind == JobKind.Gather);
        Assert.True(gathers > 0);
        await using var cluster = await TestCluster.StartAsync(material);
        using var http = new HttpClient { BaseAddress = new Uri(cluster.Settings["VIZ_COORDINATOR"]) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.Settings["VIZ_API_KEY"]);
        await SubmitAsync(http, cluster, new Submission(spec, images));
        using var atlas = ServiceProcess.Start(
            "VizPipeline.Atlas", new Dictionary<string, string>(cluster.Settings) { ["Http__Port"] = $"{TestServer.FreePorts(1)}" });
        using var pages = await PagesAsync(atlas);

        // Without any worker.
        await SaysAsync(cluster, $"no worker serves scan ({spec.ShardCount()} jobs wait)");

        // With one that serves all kinds except one.
        cluster.AddWorker(() => [("Worker__Kinds", string.Join(',', DeploymentContract.JobKinds.Where(kind => kind != "gather")))]);
        var missing = $"no worker serves gather ({gathers} jobs wait)";
        await SaysAsync(cluster, missing);
        Assert.Contains(missing, (await cluster.VizAsync(_cancellation, "status")).Output);
        var status = JsonDocument.Parse((await cluster.VizAsync(_cancellation, "status", Atlas, "--json")).Output).RootElement;
        var unserved = Assert.Single(status.GetProperty("unserved").EnumerateArray());
        Assert.Equal(("gather", gathers), (unserved.GetProperty("kind").GetString(), unserved.GetProperty("jobs").GetInt32()));
        var page = await pages.GetStringAsync($"/atlases/{Atlas}", _cancellation);
        Assert.Contains($"No worker serves gather ({gathers} jobs wait).", page);
        Assert.Contains("No worker serves gather", await pages.GetStringAsync("/", _cancellation));

        // The gauges are updated every ten seconds.
        await EventuallyAsync(async () => Exposition.Read(await http.GetStringAsync("/metrics", _cancellation)) is var metrics
            && metrics.Value("viz_jobs_unserved", ("kind", "gather")) == gathers
                && metrics.Value("viz_jobs_unserved", ("kind", "scan")) == 0, "metrics");
        using (var health = await http.GetAsync("/health/ready", _cancellation))
        {
            // Degraded but ready: Kubernetes must not remove the coordinator from its service.
            Assert.True(health.IsSuccessStatusCode);
            var text = await health.Content.ReadAsStringAsync(_cancellation);
            Assert.StartsWith("Degraded", text);
            Assert.Contains($"workers: Degraded, {missing}", text);
        }

        cluster.AddWorker(() => [("Worker__Kinds", "gather")]);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        Assert.DoesNotContain("no worker serves", (await cluster.VizAsync(_cancellation, "status", Atlas)).Output);
        await EventuallyAsync(
            async () => (await http.GetStringAsync("/health/ready", _cancellation))
                .StartsWith("Healthy", StringComparison.Ordinal), "health");
    }

    private async Task SaysAsync(TestCluster cluster, string missing)
    {
        var output = "";
        await EventuallyAsync(
            async () => (output = (await cluster.VizAsync(_cancellation, "status", Atlas)).Output)
                .Contains(missing, StringComparison.Ordinal), () => output);
    }

    private Task EventuallyAsync(Func<Task<bool>> isSo, string what) => EventuallyAsync(isSo, () => what);

    private async Task EventuallyAsync(Func<Task<bool>> isSo, Func<string> what)
    {
        for (var limit = Environment.TickCount64 + 90_000; !await isSo(); await Task.Delay(300, _cancellation))
            Assert.True(Environment.TickCount64 < limit, what());
    }

    private async Task SubmitAsync(HttpClient http, TestCluster cluster, Submission submission)
    {
        var log = "";
        await EventuallyAsync(async () =>
        {
            try
            {
                using var answer = await http.PostAsync("/api/v1/atlases", new ByteArrayContent(VizJson.Write(submission)), _cancellation);
                log = await answer.Content.ReadAsStringAsync(_cancellation);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                // The coordinator is still starting.
                log = string.Concat(cluster.Services.Select(service => service.Log));
                cluster.Supervise();
                return false;
            }
        }, () => log);
    }

    private async Task<HttpClient> PagesAsync(ServiceProcess atlas)
    {
        Match? found = null;
        await EventuallyAsync(
            () => Task.FromResult(
                (found = Regex.Match(atlas.Log, "Now listening on: http://[0-9.]+:([0-9]+)")).Success
                    || !atlas.IsRunning), () => atlas.Log);
        Assert.True(found!.Success, atlas.Log);
        return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{found.Groups[1].Value}") };
    }
}
