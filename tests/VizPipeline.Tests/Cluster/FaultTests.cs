using VizPipeline.Catalog;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Whatever dies on the way, the atlas comes out as from an undisturbed cluster: the same rows, the same bytes.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public class FaultTests(SampleMaterial material, ClusterServers servers, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static string? undisturbed;
    private readonly CancellationToken cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<string> Faults => ["a worker is killed", "all workers are killed", "the coordinator is killed", "a worker is told to stop", "RabbitMQ is killed", "PostgreSQL is killed", "S3 is away"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_atlas_is_the_same_when(string fault)
    {
        var expected = undisturbed ??= await RunAsync(null);
        Assert.Equal(expected, await RunAsync(fault));
    }

    private async Task<string> RunAsync(string? fault)
    {
        await using var cluster = await TestCluster.StartAsync(material, servers, workers: 3);
        await cluster.SubmitAsync(cancellation);
        if (fault is not null)
        {
            var seed = Environment.TickCount;
            var chance = new Random(seed);
            var (_, all) = await cluster.ProgressAsync(cancellation);
            var moment = chance.Next(all * 3 / 4);
            output.WriteLine($"seed {seed}: {fault} after {moment} of {all} jobs");
            while ((await cluster.ProgressAsync(cancellation)).Done < moment)
                await Task.Delay(30, cancellation);
            await StrikeAsync(cluster, fault, chance);
        }
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(Patience, cancellation));
        return await cluster.ContentsAsync(cancellation);
    }

    private async Task StrikeAsync(TestCluster cluster, string fault, Random chance)
    {
        switch (fault)
        {
            case "a worker is killed":
                cluster.Workers[chance.Next(3)].Kill();
                break;
            case "all workers are killed":
                cluster.Workers.ForEach(worker => worker.Kill());
                cluster.StartWorker();
                break;
            case "the coordinator is killed":
                cluster.Coordinator.Kill();
                cluster.StartCoordinator();
                break;
            case "a worker is told to stop":
                cluster.Workers[0].Terminate();
                Assert.Equal(0, await cluster.Workers[0].FinishAsync(TimeSpan.FromSeconds(60), cancellation));
                break;
            case "RabbitMQ is killed":
                await ServerAsync("rabbitmq", "kill", "start");
                break;
            case "PostgreSQL is killed":
                await ServerAsync("postgres", "kill", "start");
                break;
            case "S3 is away":
                await ServerAsync("s3", "stop-gateway", "start-gateway");
                break;
            default:
                throw new ArgumentException(fault);
        }
    }

    private async Task ServerAsync(string server, string down, string up)
    {
        await servers.RunAsync(server, down);
        await Task.Delay(3000, cancellation);
        await servers.RunAsync(server, up);
    }
}
