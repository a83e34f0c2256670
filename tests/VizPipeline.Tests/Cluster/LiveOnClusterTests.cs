using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests live requests while workers run batch jobs.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class LiveOnClusterTests(SampleMaterial material, ITestOutputHelper output)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Live_requests_are_answered_while_an_atlas_is_made()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(2);
        await cluster.WaitForWorkersAsync(2, _cancellation);
        using var host = await ClientAsync(cluster.Settings);
        var client = host.Services.GetRequiredService<ILiveRequests>();
        await cluster.SubmitAsync(_cancellation);
        var picture = await File.ReadAllBytesAsync(
            Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories)[0], _cancellation);

        // Each worker loads the network on its first request.
        for (var i = 0; i < 4; i++)
            await client.AskAsync(new ShowFeatureMaps("sample-network", picture, "conv3"), _cancellation);
        var times = new List<double>();
        while ((await cluster.ProgressAsync(_cancellation)) is var (done, all) && done < all && times.Count < 200)
        {
            var began = Stopwatch.GetTimestamp();
            await client.AskAsync(new ShowFeatureMaps("sample-network", picture, "conv3"), _cancellation);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            began = Stopwatch.GetTimestamp();
            await client.AskAsync(new ShowDeconvolution("sample-network", picture, "conv3", times.Count % 8), _cancellation);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        Assert.True(times.Count >= 10, $"only {times.Count} requests before the atlas was done");
        output.WriteLine(
            $"{times.Count} requests beside batch work: median {times[times.Count / 2]:F0} ms, "
            + $"95 % within {times[times.Count * 95 / 100]:F0} ms, slowest {times[^1]:F0} ms");
        Assert.True(times[times.Count / 2] < 1000, $"{times[times.Count / 2]} ms");
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        var manifest = await cluster.ManifestAsync(_cancellation);
        Assert.Equal((AtlasState.Completed, manifest.Spec.Hash()), (manifest.State, manifest.SpecHash));
        Assert.All([JobKind.Scan, JobKind.Patches, JobKind.Ascent], kind => Assert.True(manifest.SecondsByKind[kind] > 0, $"{kind}"));
    }

    [Fact]
    public async Task A_live_request_that_no_worker_serves_says_so()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        using var host = await ClientAsync(cluster.Settings);
        var client = host.Services.GetRequiredService<ILiveRequests>();
        var refused = await Assert.ThrowsAsync<LiveRefusedException>(
            () => client.AskAsync(new ShowFeatureMaps("sample-network", [1], "conv3"), _cancellation));
        Assert.True(refused.IsOutage);
        Assert.Contains("start one that serves 'live'", refused.Message);
    }

    private async Task<IHost> ClientAsync(Dictionary<string, string> settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings.Select(
            setting => new KeyValuePair<string, string?>(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value)));
        builder.AddRabbitMqBus();
        var host = builder.Build();
        await host.StartAsync(_cancellation);
        return host;
    }
}
