using System.Globalization;
using VizPipeline.Catalog;
using VizPipeline.Network.Torch;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests how workers end: with too little notice, with no work left, without a device.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class WorkerEndTests(SampleMaterial material, ITestOutputHelper output)
{
    private const int Notices = 6;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_notice_shorter_than_the_job_costs_the_job_in_hand_and_nothing_else()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorkers(2);
        await cluster.WaitForWorkersAsync(2, _cancellation);
        await using var starts = await StartWatch.StartAsync(cluster.Settings);
        await cluster.SubmitAsync(_cancellation, ascentSteps: 150);
        var (given, hit) = (0, 0);
        var notice = TimeSpan.FromMilliseconds(100);
        while (given < Notices && (await cluster.ProgressAsync(_cancellation)) is var (done, all) && done < all)
        {
            cluster.Supervise();
            // Like a spot machine: SIGTERM, then SIGKILL before the current job is done.
            if (await cluster.AtWorkAsync(_cancellation) is not { } worker)
                continue;
            worker.Terminate();
            await Task.Delay(notice, _cancellation);
            hit += worker.IsRunning ? 1 : 0;
            worker.Kill();
            await worker.FinishAsync(TimeSpan.FromSeconds(10), _cancellation);
            given++;
        }
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        var (finished, jobs) = await cluster.ProgressAsync(_cancellation);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{given} notices of {notice.TotalMilliseconds:F0} ms, {hit} ended by SIGKILL: "
            + $"{starts.Again} of {jobs} jobs were begun again"));
        Assert.True(given > 2 && hit > 0, $"{given} notices, {hit} hits");
        Assert.Equal((jobs, jobs), (finished, starts.Jobs));
        Assert.True(starts.Again <= given, $"{starts.Again} jobs were begun again after {given} notices");
        Assert.Empty((await cluster.FaultsAsync(_cancellation)).Errors);
    }

    [Fact]
    public async Task A_worker_stays_while_jobs_are_left_for_it_and_ends_in_good_order_when_none_are()
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorker();
        await cluster.WaitForWorkersAsync(1, _cancellation);
        await cluster.SubmitAsync(_cancellation, ascentSteps: 50);
        // It serves the last kind, and so is idle for most of the time.
        cluster.AddWorker(() => [("Worker__Kinds", "sheet"), ("Worker__ExitWhenIdle", "00:00:01")]);
        var idle = cluster.Services[^1];
        while ((await cluster.ProgressAsync(_cancellation)) is var (done, all) && done < all)
        {
            Assert.True(idle.IsRunning || done >= all - 3, idle.Log);
            await Task.Delay(50, _cancellation);
        }
        Assert.Equal(0, await idle.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        Assert.Contains("Nothing is left to do", idle.Log);
        Assert.True(cluster.Services[1].IsRunning);
    }

    [Fact]
    public async Task A_worker_without_its_device_says_so_and_ends_with_a_code_of_its_own()
    {
        Assert.SkipWhen(TorchDevice.KindOf(TorchDevice.FindAll("auto")[0].Name) == "cuda", "there are CUDA devices here");
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorker(() => [("Worker__Device", "cuda:all")]);
        Assert.Equal(3, await cluster.Services[^1].FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        Assert.Contains("device 'cuda:all' is not available", cluster.Services[^1].Log);
    }
}
