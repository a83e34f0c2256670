using System.Diagnostics;
using System.Globalization;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>Whatever crashes during the run, the atlas equals that of an undisturbed cluster: the same rows, the same bytes.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class FaultTests(SampleMaterial material, ITestOutputHelper output)
{
    private const int Workers = 3;
    private static string? _undisturbed;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    /// <summary>Faults, and how often each occurs during an atlas.</summary>
    public static TheoryData<string, int> Faults => new()
    {
        { "a worker is killed", 3 },
        { "all workers are killed", 2 },
        { "the coordinator is killed", 3 },
        { "a worker is told to stop", 2 },
        { "RabbitMQ is killed", 1 },
        { "PostgreSQL is killed", 2 },
        { "PostgreSQL is stopped", 1 },
        { "S3 is away", 1 },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_atlas_is_the_same_when(string fault, int times)
    {
        var expected = await UndisturbedAsync();
        await using var cluster = await StartAsync();
        await cluster.SubmitAsync(_cancellation);
        // VIZ_TEST_SEED repeats the random choices of a run; the exact timing still varies.
        var seed = Environment.GetEnvironmentVariable("VIZ_TEST_SEED") is { Length: > 0 } given ? int.Parse(
            given, CultureInfo.InvariantCulture) : Environment.TickCount;
        var chance = new Random(seed);
        var (_, all) = await cluster.ProgressAsync(_cancellation);
        foreach (var moment in Enumerable.Range(0, times).Select(_ => chance.Next(all * 3 / 4)).Order().ToList())
        {
            output.WriteLine($"seed {seed}: {fault} after {moment} of {all} jobs");
            while ((await cluster.ProgressAsync(_cancellation)).Done < moment)
            {
                cluster.Supervise();
                await Task.Delay(20, _cancellation);
            }
            await StrikeAsync(cluster, fault, chance);
        }
        await IsAsync(expected, cluster);
    }

    [Fact]
    public async Task The_atlas_is_the_same_when_one_of_two_coordinators_is_killed_and_then_the_other()
    {
        var expected = await UndisturbedAsync();
        await using var cluster = await StartAsync(coordinators: 2);
        await cluster.SubmitAsync(_cancellation);
        var (_, all) = await cluster.ProgressAsync(_cancellation);
        foreach (var (index, moment) in new[] { (0, all / 4), (1, all / 2) })
        {
            while ((await cluster.ProgressAsync(_cancellation)).Done < moment)
                await Task.Delay(20, _cancellation);
            cluster.Services[index].Kill();
            await cluster.Services[index].FinishAsync(TimeSpan.FromSeconds(10), _cancellation);
            cluster.Supervise();
        }
        await IsAsync(expected, cluster);
    }

    [Fact]
    public async Task The_atlas_is_the_same_when_every_command_and_every_answer_is_delivered_twice()
    {
        var expected = await UndisturbedAsync();
        await using var cluster = await StartAsync();
        await using var doubled = await DoubledDelivery.StartAsync(
            cluster.Settings, [QueueNames.Answers, .. JobKinds.All.Select(kind => kind.Queue)]);
        await cluster.SubmitAsync(_cancellation);
        await IsAsync(expected, cluster);
        output.WriteLine($"{doubled.Count} messages were doubled");
        Assert.True(doubled.Count > 2 * (await cluster.ProgressAsync(_cancellation)).All);
    }

    [Fact]
    public async Task A_job_that_kills_its_workers_is_given_up_and_done_by_a_retry_once_the_cause_is_gone()
    {
        var expected = await UndisturbedAsync();
        var deadly = true;
        var deaths = 0;
        var watches = new List<PutWatch>();
        try
        {
            await using var cluster = await TestCluster.StartAsync(material);
            cluster.Settings["Coordinator__MaxLosses"] = "3";
            cluster.Services[0].Kill();
            cluster.Supervise();
            foreach (var worker in Enumerable.Range(1, Workers))
                cluster.AddWorker(() =>
                {
                    // Kill the process just before it stores the job's result.
                    var watch = new PutWatch(ClusterServers.S3.Port, "/tables/conv1/filters.json", () =>
                    {
                        if (!deadly)
                            return true;
                        Interlocked.Increment(ref deaths);
                        cluster.Services[worker].Kill();
                        return false;
                    });
                    watches.Add(watch);
                    return [("ObjectStore__Endpoint", $"http://127.0.0.1:{watch.Port}")];
                });
            await cluster.WaitForWorkersAsync(Workers, _cancellation);
            await cluster.SubmitAsync(_cancellation);

            Assert.Equal(AtlasState.CompletedWithFailures, await cluster.FinishAsync(_cancellation));
            Assert.Equal(3, deaths);
            var error = Assert.Single((await cluster.FaultsAsync(_cancellation)).Errors);
            Assert.StartsWith("the worker process died, or lost its connection, 3 times in the middle of this job", error);
            Assert.Contains(
                error[..40], (await cluster.VizAsync(_cancellation, "status", "sample-network")).Output.ReplaceLineEndings(" "));

            deadly = false;
            var (exitCode, told) = await cluster.VizAsync(_cancellation, "retry", "sample-network");
            Assert.True(exitCode == 0, told);
            await IsAsync(expected, cluster);
        }
        finally
        {
            watches.ForEach(watch => watch.Dispose());
        }
    }

    [Fact]
    public async Task The_atlas_is_the_same_when_a_workers_disk_is_full()
    {
        var expected = await UndisturbedAsync();
        var full = Directory.CreateDirectory(material.Out("full-disk")).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full), "this user may not mount a small disk");
        try
        {
            await using var cluster = await TestCluster.StartAsync(material);
            cluster.AddWorkers(2);
            cluster.AddWorker(() => [("VIZ_CACHE", full)]);
            await cluster.WaitForWorkersAsync(Workers, _cancellation);
            await cluster.SubmitAsync(_cancellation);
            await IsAsync(expected, cluster);
            Assert.Contains("Worker:CacheFolder", cluster.Workers.Last().Log);
        }
        finally
        {
            Run("umount", "-l", full);
        }
    }

    [Fact]
    public async Task Images_that_cannot_be_read_are_listed_and_the_atlas_completes()
    {
        var folder = Directory.CreateDirectory(material.Out("corrupt-images")).FullName;
        var good = Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(12)
            .ToArray();
        foreach (var file in good)
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        await File.WriteAllBytesAsync(
            Path.Combine(folder, "truncated.jpg"), (await File.ReadAllBytesAsync(good[0], _cancellation))[..^900], _cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "words.jpg"), "These are words.", _cancellation);
        await using var cluster = await StartAsync();
        await cluster.SubmitAsync(_cancellation, folder);

        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        Assert.Equal(["truncated.jpg", "words.jpg"], (await cluster.FaultsAsync(_cancellation)).Unreadable.Order(StringComparer.Ordinal));
    }

    private async Task<TestCluster> StartAsync(int coordinators = 1)
    {
        var cluster = await TestCluster.StartAsync(material, coordinators);
        cluster.AddWorkers(Workers);
        try
        {
            // The number of workers determines the shards, and the last digits of sums depend on the shards.
            await cluster.WaitForWorkersAsync(Workers, _cancellation);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
        return cluster;
    }

    private async Task<string> UndisturbedAsync()
    {
        if (_undisturbed is not null)
            return _undisturbed;
        await using var cluster = await StartAsync();
        await cluster.SubmitAsync(_cancellation);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        return _undisturbed = await cluster.ContentsAsync(_cancellation);
    }

    private async Task IsAsync(string expected, TestCluster cluster)
    {
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        Assert.Equal(expected, await cluster.ContentsAsync(_cancellation));
    }

    private async Task StrikeAsync(TestCluster cluster, string fault, Random chance)
    {
        var workers = cluster.Workers.ToList();
        switch (fault)
        {
            case "a worker is killed":
                workers[chance.Next(workers.Count)].Kill();
                break;
            case "all workers are killed":
                workers.ForEach(worker => worker.Kill());
                break;
            case "the coordinator is killed":
                cluster.Coordinators.Single().Kill();
                break;
            case "a worker is told to stop":
                // Wait for a worker that has reported: before that, it has no job to finish.
                var working = await cluster.WorkingAsync(_cancellation);
                var stopped = working[chance.Next(working.Count)];
                stopped.Terminate();
                Assert.Equal(0, await stopped.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
                break;
            case "RabbitMQ is killed":
                await InterruptAsync(ClusterServers.RabbitMq, "kill", 3, "start");
                break;
            case "PostgreSQL is killed":
                await InterruptAsync(ClusterServers.Postgres, "kill", 1, "start");
                break;
            case "PostgreSQL is stopped":
                await InterruptAsync(ClusterServers.Postgres, "stop", 10, "start");
                break;
            case "S3 is away":
                await InterruptAsync(ClusterServers.S3, "stop-gateway", 20, "start-gateway");
                break;
            default:
                throw new ArgumentException(fault);
        }
    }

    private async Task InterruptAsync(TestServer server, string down, int seconds, string up)
    {
        await server.RunAsync(down);
        await Task.Delay(TimeSpan.FromSeconds(seconds), _cancellation);
        await server.RunAsync(up);
    }

    private static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
