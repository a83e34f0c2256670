using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;
using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.Coordinator;

public sealed class CoordinatorTests : IDisposable
{
    private static readonly Lazy<Task<string>> Undisturbed = new(RunUndisturbedAsync);

    private readonly TemporaryFolder folder = new();
    private readonly AtlasSpec spec = SpecSamples.Small();
    private readonly CancellationToken cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_whole_atlas_completes()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id);

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Empty(outcome.Failures);
        Assert.Equal(JobPlan.For(spec).Count, host.Work.Begun.Count);
        Assert.Equal(0.5 * spec.ShardCount(), outcome.SecondsByKind[JobKind.Scan]);
        await using var catalog = host.Database.Open();
        Assert.Equal(11, await catalog.Neurons.CountAsync(neuron => neuron.Mean != null, cancellation));
        Assert.Equal(99, await catalog.Patches.CountAsync(patch => patch.Mismatch != null, cancellation));
        Assert.Equal(22, await catalog.Pictures.CountAsync(picture => picture.Percentile != null, cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, cancellation));
        var job = await catalog.Jobs.FirstAsync(cancellation);
        Assert.Equal(("fake", 1, 0, """{"forward":0.25}"""), (job.Worker, job.Attempt, job.Failures, job.Phases));

        var progress = await host.Monitor.SnapshotAsync(spec.Id, cancellation);
        Assert.All(
            progress.Stages, stage => Assert.Equal((stage.Total, stage.UnitsTotal, 0), (stage.Done, stage.UnitsDone, stage.Running)));
        Assert.Equal(TimeSpan.Zero, progress.TimeLeft);
    }

    [Fact]
    public async Task Filters_without_a_picture_complete_their_layer()
    {
        var weighted = spec with { Layers = [.. spec.Layers.Select(layer => layer with { Parameters = 8 })] };
        await using var host = new EmbeddedHost(folder.Path, spec.Id);

        var outcome = await host.RunAsync(weighted, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([0, 2], host.Work.Begun.OfType<RenderFilters>().Select(job => job.Layer).Order());
        await using var catalog = host.Database.Open();
        Assert.Equal(1, await catalog.Pictures.CountAsync(picture => picture.Method == PictureMethod.Filters, cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, cancellation));
    }

    [Fact]
    public async Task Jobs_begin_in_the_order_of_their_stages()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        await host.RunAsync(spec, cancellation);

        var begun = host.Work.Begun.ToList();
        int First<T>() => begun.FindIndex(job => job is T);
        int Last<T>() => begun.FindLastIndex(job => job is T);
        Assert.True(Last<ScanShard>() < First<MergeLayer>());
        Assert.True(First<MergeLayer>() < First<RenderPatches>());
        Assert.True(First<RenderFilters>() < First<AscendNeurons>());
        Assert.True(Last<RenderPatches>() < Last<AscendNeurons>());
        Assert.All(spec.Layers, layer => Assert.True(
            begun.FindIndex(job => job is RenderSheet sheet && sheet.Layer == layer.Index)
            > begun.FindLastIndex(job => job is AscendNeurons ascent && ascent.Layer == layer.Index)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task No_more_jobs_are_out_than_the_window_allows(int window)
    {
        var work = new FakeWork { Before = (_, stop) => Task.Delay(5, stop) };
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work, options =>
        {
            options.Outstanding = window;
            options.OutstandingPerKind = window;
        });

        await host.RunAsync(spec, cancellation);

        Assert.InRange(work.MostAtOnce, 1, window);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_poison_job_is_listed_and_retry_finishes_the_atlas(bool reported)
    {
        var poisoned = true;
        var work = new FakeWork
        {
            Before = (job, _) => poisoned && job is RenderPatches { Layer: 0, FirstChannel: 3 }
                ? throw (reported ? new ReportedFailureException("channel 3\nis poison", true) : new InvalidOperationException(
                    "channel 3 is poison"))
                : Task.CompletedTask,
        };
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.CompletedWithFailures, outcome.State);
        var failed = Assert.Single(outcome.Failures);
        Assert.Equal(
            (JobKind.Patches, 0, JobState.Failed, 3, 3), (failed.Kind, failed.LayerIndex, failed.State, failed.Failures, failed.Attempt));
        Assert.EndsWith("channel 3 is poison", failed.Error);

        poisoned = false;
        var before = work.Begun.Count;
        Assert.Equal(1, await host.Planner.RetryAsync(spec.Id, cancellation));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(spec, cancellation)).State);
        // The failed job, and the sheet that lacks its patches.
        Assert.Equal([typeof(RenderPatches), typeof(RenderSheet)], work.Begun.Skip(before).Select(job => job.GetType()));
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, spec.Id));
        Assert.Equal(0, await host.Planner.RetryAsync(spec.Id, cancellation));
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
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.CompletedWithFailures, outcome.State);
        Assert.Equal(
            [JobKind.Scan, JobKind.Merge, JobKind.Patches],
            outcome.Failures.Select(job => job.Kind).Distinct());
        Assert.Equal(JobState.Failed, outcome.Failures[0].State);
        Assert.All(outcome.Failures.Skip(1), job => Assert.Equal((JobState.Blocked, 0), (job.State, job.Attempt)));

        poisoned = false;
        Assert.Equal(outcome.Failures.Count, await host.Planner.RetryAsync(spec.Id, cancellation));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(spec, cancellation)).State);
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, spec.Id));
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
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work, options => options.RetryDelay = TimeSpan.FromMilliseconds(200));
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([1, 2, 3], work.Begun.OfType<ScanShard>().Where(job => job.Shard == 0).Select(job => job.Attempt));
        Assert.True(watch.ElapsedMilliseconds >= 600, "200 ms after the first failure, 400 ms after the second");
    }

    [Fact]
    public async Task Answers_that_arrive_three_times_count_once()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id, new FakeWork { Answers = 3 });

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal(JobPlan.For(spec).Count, host.Work.Begun.Count);
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, spec.Id));
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
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
        await host.StartAsync(cancellation);
        await secondRuns.Task.WaitAsync(cancellation);

        await host.Bus.AnswerAsync(new JobCompleted(
            spec.Id, 1, 1, "late", AtlasKeys.ScanTable(spec.Id, 99), 1, DateTimeOffset.UnixEpoch, 1, new Dictionary<string, double>()), cancellation);
        await host.Bus.AnswerAsync(new JobFailed(spec.Id, 1, 1, "late", "late", false), cancellation);
        await host.Bus.AnswerAsync(new JobFailed("another", 1, 1, "late", "no such atlas", false), cancellation);
        go.SetResult();

        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(spec, cancellation)).State);
        await using var catalog = host.Database.Open();
        var job = await catalog.Jobs.SingleAsync(job => job.JobId == 1, cancellation);
        Assert.Equal((2, 1, "fake"), (job.Attempt, job.Failures, job.Worker));
    }

    public static TheoryData<string> BadResults => ["missing", "damaged", "another job's", "outside"];

    [Theory]
    [MemberData(nameof(BadResults))]
    public async Task A_job_whose_result_is_bad_runs_again(string fault)
    {
        var merged = AtlasKeys.LayerTable(spec.Id, "fire/merge");
        var work = new FakeWork
        {
            Store = (job, table) => job is MergeLayer { Layer: 1, Attempt: 1 }
                ? fault switch
                {
                    "missing" => null,
                    "damaged" => table[..(table.Length / 2)],
                    "another job's" => VizJson.Write(ResultSamples.Layer(spec, 0)),
                    _ => table,
                }
                : table,
            Announce = completed => fault == "outside" && completed.Attempt == 1 && completed.ResultKey == merged
                ? completed with { ResultKey = "../secret" }
                : completed,
        };
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([1, 2], work.Begun.OfType<MergeLayer>().Where(job => job.Layer == 1).Select(job => job.Attempt));
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, spec.Id));
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
        await using (var killed = new EmbeddedHost(folder.Path, spec.Id, work))
        {
            await killed.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
            await killed.StartAsync(cancellation);
            await reached.Task.WaitAsync(cancellation);
        }

        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        // Job sizes are fixed when the atlas is planned; a different setting does not replan it.
        var opened = await host.Planner.OpenAsync(spec with { NeuronsPerJob = 50, BatchSize = 1 }, EmbeddedHost.Images(spec), cancellation);
        Assert.Equal((true, 3, 1), (opened.Resumed, opened.Spec.NeuronsPerJob, opened.Spec.BatchSize));
        await host.StartAsync(cancellation);
        var outcome = await host.FinishAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Empty(outcome.Failures);
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, spec.Id));
        await using var catalog = host.Database.Open();
        Assert.True(await catalog.Jobs.AllAsync(job => job.Failures == 0, cancellation), "a kill is no failure of the job");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_is_prompt_and_no_failure_of_the_running_job(bool workerReportsIt)
    {
        EmbeddedHost? host = null;
        var running = new TaskCompletionSource();
        var work = new FakeWork
        {
            Before = async (job, stop) =>
            {
                if (job is not MergeLayer)
                    return;
                running.TrySetResult();
                // A worker that observes the host's shutdown stops while the bus can still deliver its report.
                await Task.Delay(Timeout.Infinite, workerReportsIt ? host!.Stopping : stop)
                    .ContinueWith(_ => { }, TaskScheduler.Default);
                if (workerReportsIt)
                    throw new ReportedFailureException("cut off", false);
                stop.ThrowIfCancellationRequested();
            },
        };
        host = new EmbeddedHost(folder.Path, spec.Id, work);
        await using var disposed = host;
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
        await host.StartAsync(cancellation);
        await running.Task.WaitAsync(cancellation);

        host.AnnounceStop();
        if (workerReportsIt)
            await Task.Delay(500, cancellation);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await host.StopAsync(cancellation);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), $"stopping took {watch.Elapsed}");
        await using var catalog = host.Database.Open();
        Assert.True(await catalog.Jobs.AllAsync(job => job.Failures == 0 && job.Error == null, cancellation));
        Assert.True(await catalog.Jobs.AnyAsync(
            job => job.Kind == JobKind.Merge && (job.State == JobState.Sent || job.State == JobState.Running), cancellation));
    }

    [Fact]
    public async Task A_finished_atlas_opened_again_has_nothing_to_do()
    {
        await using (var first = new EmbeddedHost(folder.Path, spec.Id))
            await first.RunAsync(spec, cancellation);

        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        var opened = await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
        await host.StartAsync(cancellation);

        Assert.Equal((true, AtlasState.Completed), (opened.Resumed, opened.State));
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(spec, cancellation)).State);
        Assert.Empty(host.Work.Begun);
    }

    [Fact]
    public async Task Other_settings_in_the_same_catalog_are_refused_by_name()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);

        var other = await Assert.ThrowsAsync<AtlasConflictException>(() => host.Planner.OpenAsync(
            spec with { Methods = AtlasMethods.Top9, Model = spec.Model with { ModelSha256 = "x" } }, EmbeddedHost.Images(spec), cancellation));
        Assert.Contains("other settings (model, methods, ascent)", other.Message);
        var second = await Assert.ThrowsAsync<AtlasConflictException>(
            () => host.Planner.OpenAsync(spec with { Id = "another" }, EmbeddedHost.Images(spec), cancellation));
        Assert.Contains("holds atlas 'sample', not 'another'", second.Message);
    }

    [Fact]
    public async Task A_spec_with_faults_is_refused_before_anything_is_written()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id);

        await Assert.ThrowsAsync<InvalidAtlasSpecException>(
            () => host.Planner.OpenAsync(spec with { ShardImages = 0 }, EmbeddedHost.Images(spec), cancellation));
        await Assert.ThrowsAsync<InvalidAtlasSpecException>(() => host.Planner.OpenAsync(spec, new ImageList([]), cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Two_processes_do_not_coordinate_one_catalog()
    {
        await using var first = new EmbeddedHost(folder.Path, spec.Id);
        await first.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
        await using var second = new EmbeddedHost(folder.Path, spec.Id);

        await Assert.ThrowsAsync<CatalogUnusableException>(() => second.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation));
        // If started anyway, it reports this instead of waiting forever.
        await second.StartAsync(cancellation);
        await Assert.ThrowsAsync<CoordinatorStoppedException>(() => second.FinishAsync(spec, cancellation));
    }

    [Fact]
    public async Task A_catalog_that_breaks_stops_the_wait_with_the_reason()
    {
        var work = new FakeWork();
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);
        work.Before = async (job, stop) =>
        {
            if (job is not MergeLayer { Layer: 0, Attempt: 1 })
                return;
            await using var catalog = host.Database.Open();
            await catalog.Database.ExecuteSqlRawAsync("DROP TABLE patch", stop);
        };

        var stopped = await Assert.ThrowsAsync<CoordinatorStoppedException>(() => host.RunAsync(spec, cancellation));
        Assert.Contains("no such table: patch", stopped.Message);
    }

    [Fact]
    public async Task An_unknown_atlas_is_named()
    {
        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);

        var unknown = await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Planner.RetryAsync("nowhere", cancellation));
        Assert.Equal("nowhere", unknown.AtlasId);
        await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Monitor.WhenFinished("nowhere", cancellation));
        await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Monitor.SnapshotAsync("nowhere", cancellation));
    }

    [Fact]
    public async Task Progress_moves_within_a_job()
    {
        // Two shards of five images: one is held at its second image, the other may or may not be done.
        var spec = SpecSamples.Small(shardImages: 5);
        var running = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var work = new FakeWork
        {
            Before = async (job, stop) =>
            {
                if (job is not ScanShard { Shard: 0 })
                    return;
                running.TrySetResult();
                await go.Task.WaitAsync(stop);
            },
        };
        await using var host = new EmbeddedHost(folder.Path, spec.Id, work);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), cancellation);
        await host.StartAsync(cancellation);
        await running.Task.WaitAsync(cancellation);
        var watch = Stopwatch.StartNew();

        StageProgress scan;
        do
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "progress within a job is not seen");
            // Send it repeatedly, as a worker does: progress has its own queue, may overtake "started", and is then dropped.
            await host.Bus.ShowProgressAsync(new JobProgressed(spec.Id, 1, 1, 2), cancellation);
            await Task.Delay(10, cancellation);
            var progress = await host.Monitor.SnapshotAsync(spec.Id, cancellation);
            scan = progress.Stages[0];
            Assert.Null(progress.TimeLeft);
        }
        while (scan.UnitsDone is not (2 or 7));
        Assert.Equal((JobKind.Scan, 2, 10L), (scan.Kind, scan.Total, scan.UnitsTotal));
        Assert.NotNull(scan.UnitsPerSecond);

        go.SetResult();
        await host.FinishAsync(spec, cancellation);
    }

    // The catalog of the same atlas when nothing fails.
    private static Task<string> UndisturbedAsync() => Undisturbed.Value;

    private static async Task<string> RunUndisturbedAsync()
    {
        var spec = SpecSamples.Small();
        using var folder = new TemporaryFolder();
        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        await host.RunAsync(spec, CancellationToken.None);
        return await CatalogFixture.Contents(host.Database, spec.Id);
    }
}
