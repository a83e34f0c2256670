using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Jobs that fail, answers that come twice or late, kills and stops.</summary>
public sealed class CoordinatorFailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly AtlasSpec _spec = SpecSamples.Small();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_poison_job_is_listed_and_retry_finishes_the_atlas(bool reported)
    {
        var (poisoned, sheets) = (true, 0);
        var work = new FakeWork
        {
            Store = (job, table) =>
            {
                if (job is RenderSheet { Layer: 0 })
                    Interlocked.Increment(ref sheets);
                return table;
            },
            Before = (job, _) => poisoned && job is RenderPatches { Layer: 0, FirstChannel: 3 }
                ? throw (reported ? new ReportedFailureException("channel 3\nis poison", true) : new InvalidOperationException(
                    "channel 3 is poison"))
                : Task.CompletedTask,
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.CompletedWithFailures, outcome.State);
        var failed = Assert.Single(outcome.Failures);
        Assert.Equal(
            (JobKind.Patches, 0, JobState.Failed, 3, 3), (failed.Kind, failed.LayerIndex, failed.State, failed.Failures, failed.Attempt));
        Assert.EndsWith("channel 3 is poison", failed.Error);

        poisoned = false;
        var before = work.Begun.Count;
        Assert.Equal(1, await host.Planner.RetryAsync(_spec.Id, _cancellation));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(_spec, _cancellation)).State);
        // The failed job, and the sheet that lacks its patches: drawn again, although a worker that finds a result takes a job for done.
        Assert.Equal(2, sheets);
        Assert.Equal([typeof(RenderPatches), typeof(RenderSheet)], work.Begun.Skip(before).Select(job => job.GetType()));
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
        Assert.Equal(0, await host.Planner.RetryAsync(_spec.Id, _cancellation));
    }

    [Fact]
    public async Task A_lost_shard_blocks_what_needs_it_and_nothing_else()
    {
        var poisoned = true;
        var work = new FakeWork
        {
            Before = (job, _) => poisoned && job is ScanShard { Shard: 1 }
                ? throw new ReportedFailureException("shard 1 is poison", false)
                : Task.CompletedTask,
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.CompletedWithFailures, outcome.State);
        Assert.Equal(
            [JobKind.Scan, JobKind.Merge, JobKind.Patches],
            outcome.Failures.Select(job => job.Kind).Distinct());
        Assert.Equal(JobState.Failed, outcome.Failures[0].State);
        Assert.All(outcome.Failures.Skip(1), job => Assert.Equal((JobState.Blocked, 0), (job.State, job.Attempt)));

        poisoned = false;
        Assert.Equal(outcome.Failures.Count, await host.Planner.RetryAsync(_spec.Id, _cancellation));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(_spec, _cancellation)).State);
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
    }

    [Fact]
    public async Task A_transient_failure_is_forgiven_after_a_while()
    {
        var work = new FakeWork
        {
            Before = (job, _) => job is ScanShard { Shard: 0, Attempt: < 3 }
                ? throw new ReportedFailureException("the device is full", true)
                : Task.CompletedTask,
        };
        await using var host = new EmbeddedHost(
            _folder.Path, _spec.Id, work, options => options.RetryDelay = TimeSpan.FromMilliseconds(200));
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([1, 2, 3], work.Begun.OfType<ScanShard>().Where(job => job.Shard == 0).Select(job => job.Attempt));
        Assert.True(watch.ElapsedMilliseconds >= 600, "200 ms after the first failure, 400 ms after the second");
    }

    [Theory]
    [InlineData(true, AtlasState.Completed)]
    [InlineData(false, AtlasState.CompletedWithFailures)]
    public async Task Failures_of_one_bad_worker_count_once_while_another_can_take_the_job(bool hasAnother, AtlasState expected)
    {
        var work = new FakeWork
        {
            Before = (job, _) => job is ScanShard { Shard: 0, Attempt: < 6 }
                ? throw new ReportedFailureException("the disk is full", true)
                : Task.CompletedTask,
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);
        await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
        if (hasAnother)
        {
            await using var catalog = host.Database.Open();
            catalog.Workers.Add(new WorkerNode
            {
                Name = "another",
                Host = "",
                Device = "cpu",
                SoftwareVersion = "",
                Kinds = "live,scan",
                State = WorkerState.Busy,
                LastSeenAt = DateTime.UtcNow.AddMinutes(5),
            });
            await catalog.SaveChangesAsync(_cancellation);
        }

        await host.StartAsync(_cancellation);
        Assert.Equal(expected, (await host.FinishAsync(_spec, _cancellation)).State);
        Assert.Equal(hasAnother ? 6 : 3, work.Begun.OfType<ScanShard>().Count(job => job.Shard == 0));
    }

    [Fact]
    public async Task Answers_that_arrive_three_times_count_once()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, new FakeWork { Answers = 3 });

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal(JobPlan.For(_spec).Count, host.Work.Begun.Count);
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
    }

    [Fact]
    public async Task An_answer_to_an_older_sending_is_ignored()
    {
        // The first attempt of shard 0 fails. Its late completion arrives while the second attempt runs, and names a result that does not
        // exist.
        var secondRuns = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var work = new FakeWork
        {
            Before = async (job, stop) =>
            {
                if (job is ScanShard { Shard: 0, Attempt: 1 })
                    throw new ReportedFailureException("once", false);
                if (job is ScanShard { Shard: 0, Attempt: 2 })
                {
                    secondRuns.SetResult();
                    await go.Task.WaitAsync(stop);
                }
            },
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);
        await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
        await host.StartAsync(_cancellation);
        await secondRuns.Task.WaitAsync(_cancellation);

        await host.Bus.AnswerAsync(new JobCompleted(
            _spec.Id, 1, 1, "late", AtlasKeys.ScanTable(_spec.Id, 99), 1,
            DateTimeOffset.UnixEpoch, 1, new Dictionary<string, double>()), _cancellation);
        await host.Bus.AnswerAsync(new JobFailed(_spec.Id, 1, 1, "late", "late", false), _cancellation);
        await host.Bus.AnswerAsync(new JobFailed("another", 1, 1, "late", "no such atlas", false), _cancellation);
        go.SetResult();

        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(_spec, _cancellation)).State);
        await using var catalog = host.Database.Open();
        var job = await catalog.Jobs.SingleAsync(job => job.JobId == 1, _cancellation);
        Assert.Equal((2, 1, "fake"), (job.Attempt, job.Failures, job.Worker));
    }

    public static TheoryData<string> BadResults => ["missing", "damaged", "another job's", "outside"];

    [Theory]
    [MemberData(nameof(BadResults))]
    public async Task A_job_whose_result_is_bad_runs_again(string fault)
    {
        var merged = AtlasKeys.LayerTable(_spec.Id, "fire/merge");
        var work = new FakeWork
        {
            Store = (job, table) => job is MergeLayer { Layer: 1, Attempt: 1 }
                ? fault switch
                {
                    "missing" => null,
                    "damaged" => table[..(table.Length / 2)],
                    "another job's" => VizJson.Write(ResultSamples.Layer(_spec, 0)),
                    _ => table,
                }
                : table,
            Announce = completed => fault == "outside" && completed.Attempt == 1 && completed.ResultKey == merged
                ? completed with { ResultKey = "../secret" }
                : completed,
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([1, 2], work.Begun.OfType<MergeLayer>().Where(job => job.Layer == 1).Select(job => job.Attempt));
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(17)]
    public async Task A_killed_atlas_is_resumed_and_comes_out_the_same(int jobsBeforeTheKill)
    {
        var reached = new TaskCompletionSource();
        var count = 0;
        var work = new FakeWork
        {
            Before = async (_, stop) =>
            {
                if (Interlocked.Increment(ref count) <= jobsBeforeTheKill)
                    return;
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, stop);
            },
        };
        await using (var killed = new EmbeddedHost(_folder.Path, _spec.Id, work))
        {
            await killed.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
            await killed.StartAsync(_cancellation);
            await reached.Task.WaitAsync(_cancellation);
        }

        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);
        // Job sizes are fixed when the atlas is planned; a different setting does not replan it.
        var opened = await host.Planner.OpenAsync(
            _spec with { NeuronsPerJob = 50, BatchSize = 1 }, EmbeddedHost.Images(_spec), _cancellation);
        Assert.Equal((true, 3, 1), (opened.Resumed, opened.Spec.NeuronsPerJob, opened.Spec.BatchSize));
        await host.StartAsync(_cancellation);
        var outcome = await host.FinishAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Empty(outcome.Failures);
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
        await using var catalog = host.Database.Open();
        Assert.True(await catalog.Jobs.AllAsync(job => job.Failures == 0, _cancellation), "a kill is no failure of the job");
    }

    [Fact]
    public async Task A_stop_is_prompt_and_no_failure_of_the_running_job()
    {
        var running = new TaskCompletionSource();
        var work = new FakeWork
        {
            Before = async (job, stop) =>
            {
                if (job is not MergeLayer)
                    return;
                running.TrySetResult();
                await Task.Delay(Timeout.Infinite, stop);
            },
        };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);
        await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
        await host.StartAsync(_cancellation);
        await running.Task.WaitAsync(_cancellation);

        host.AnnounceStop();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await host.StopAsync(_cancellation);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), $"stopping took {watch.Elapsed}");
        await using var catalog = host.Database.Open();
        Assert.True(await catalog.Jobs.AllAsync(job => job.Failures == 0 && job.Error == null, _cancellation));
        Assert.True(await catalog.Jobs.AnyAsync(
            job => job.Kind == JobKind.Merge && (job.State == JobState.Sent || job.State == JobState.Running), _cancellation));
    }

    [Fact]
    public async Task A_finished_atlas_opened_again_has_nothing_to_do()
    {
        await using (var first = new EmbeddedHost(_folder.Path, _spec.Id))
            await first.RunAsync(_spec, _cancellation);

        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);
        var opened = await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
        await host.StartAsync(_cancellation);

        Assert.Equal((true, AtlasState.Completed), (opened.Resumed, opened.State));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(_spec, _cancellation)).State);
        Assert.Empty(host.Work.Begun);
    }
}
