using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

public sealed class CoordinatorTests : IDisposable
{
    private static readonly Lazy<Task<string>> Undisturbed = new(RunUndisturbedAsync);

    private readonly TemporaryFolder _folder = new();
    private readonly AtlasSpec _spec = SpecSamples.Small();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_whole_atlas_completes()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);

        var outcome = await host.RunAsync(_spec, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Empty(outcome.Failures);
        Assert.Equal(JobPlan.For(_spec).Count, host.Work.Begun.Count);
        Assert.Equal(0.5 * _spec.ShardCount(), outcome.SecondsByKind[JobKind.Scan]);
        await using var catalog = host.Database.Open();
        Assert.Equal(11, await catalog.Neurons.CountAsync(neuron => neuron.Mean != null, _cancellation));
        Assert.Equal(99, await catalog.Patches.CountAsync(patch => patch.Mismatch != null, _cancellation));
        Assert.Equal(22, await catalog.Pictures.CountAsync(picture => picture.Percentile != null, _cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, _cancellation));
        var job = await catalog.Jobs.FirstAsync(_cancellation);
        Assert.Equal(("fake", 1, 0, """{"forward":0.25}"""), (job.Worker, job.Attempt, job.Failures, job.Phases));

        var progress = await host.Monitor.SnapshotAsync(_spec.Id, _cancellation);
        Assert.All(
            progress.Stages, stage => Assert.Equal((stage.Total, stage.UnitsTotal, 0), (stage.Done, stage.UnitsDone, stage.Running)));
        Assert.Equal(TimeSpan.Zero, progress.TimeLeft);
    }

    [Fact]
    public async Task Filters_without_a_picture_complete_their_layer()
    {
        var weighted = _spec with { Layers = [.. _spec.Layers.Select(layer => layer with { Parameters = 8 })] };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);

        var outcome = await host.RunAsync(weighted, _cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal([0, 2], host.Work.Begun.OfType<RenderFilters>().Select(job => job.Layer).Order());
        await using var catalog = host.Database.Open();
        Assert.Equal(1, await catalog.Pictures.CountAsync(picture => picture.Method == PictureMethod.Filters, _cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, _cancellation));
    }

    [Fact]
    public async Task Jobs_begin_in_the_order_of_their_stages()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);
        await host.RunAsync(_spec, _cancellation);

        var begun = host.Work.Begun.ToList();
        int First<T>() => begun.FindIndex(job => job is T);
        int Last<T>() => begun.FindLastIndex(job => job is T);
        Assert.True(Last<ScanShard>() < First<MergeLayer>());
        Assert.True(First<MergeLayer>() < First<RenderPatches>());
        Assert.True(First<RenderFilters>() < First<AscendNeurons>());
        Assert.True(Last<RenderPatches>() < Last<AscendNeurons>());
        Assert.All(_spec.Layers, layer => Assert.True(
            begun.FindIndex(job => job is RenderSheet sheet && sheet.Layer == layer.Index)
            > begun.FindLastIndex(job => job is AscendNeurons ascent && ascent.Layer == layer.Index)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task No_more_jobs_are_out_than_the_window_allows(int window)
    {
        var work = new FakeWork { Before = (_, stop) => Task.Delay(5, stop) };
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work, options =>
        {
            options.Outstanding = window;
            options.OutstandingPerKind = window;
        });

        await host.RunAsync(_spec, _cancellation);

        Assert.InRange(work.MostAtOnce, 1, window);
    }

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
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
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
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
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
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
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
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
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
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(host.Database, _spec.Id));
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_atlas_that_grew_in_steps_is_the_one_built_at_once(bool isKilled)
    {
        var first = _spec with
        {
            Methods = AtlasMethods.Top9 | AtlasMethods.Ascent,
            Ascent = _spec.Ascent with { Seeds = [0] },
        };
        await using (var host = new EmbeddedHost(_folder.Path, _spec.Id))
            await host.RunAsync(first, _cancellation);
        var second = _spec with { Methods = AtlasMethods.Filters };
        if (isKilled)
        {
            var begun = new TaskCompletionSource();
            await using var killed = new EmbeddedHost(_folder.Path, _spec.Id, new FakeWork
            {
                Before = async (_, cancellation) =>
                {
                    begun.TrySetResult();
                    await Task.Delay(Timeout.Infinite, cancellation);
                },
            });
            await killed.Planner.OpenAsync(second, EmbeddedHost.Images(_spec), _cancellation);
            await killed.StartAsync(_cancellation);
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), _cancellation);
        }
        await using (var host = new EmbeddedHost(_folder.Path, _spec.Id))
        {
            await host.RunAsync(second, _cancellation);
            Assert.Equal([JobKind.Filters, JobKind.Sheet], host.Work.Begun.Select(job => JobKinds.Get(job).Kind).Distinct().Order());
        }
        await using var last = new EmbeddedHost(_folder.Path, _spec.Id);
        var opened = await last.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);

        Assert.Equal(["deconv", "ascent seed 7"], opened.Added);
        await last.StartAsync(_cancellation);
        Assert.Equal(AtlasState.Completed, (await last.FinishAsync(_spec, _cancellation)).State);
        Assert.Equal(
            [JobKind.Patches, JobKind.Ascent, JobKind.Sheet], last.Work.Begun.Select(job => JobKinds.Get(job).Kind).Distinct().Order());
        Assert.All(last.Work.Begun.OfType<AscendNeurons>(), job => Assert.Equal(7, job.Seed));
        Assert.Equal(await UndisturbedAsync(), await CatalogFixture.Contents(last.Database, _spec.Id));
        // Less than it has is no change.
        Assert.Equal(AtlasState.Completed, (await last.Planner.OpenAsync(first, EmbeddedHost.Images(_spec), _cancellation)).State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_layer_that_an_atlas_gains_has_jobs_of_its_own(bool isKilled)
    {
        var whole = _spec with { Network = [.. _spec.Layers.Select(layer => new NetworkLayer(layer.Name, []))] };
        var first = whole with { Layers = [whole.Layers[0], whole.Layers[2] with { Index = 1 }] };
        await using (var host = new EmbeddedHost(_folder.Path, _spec.Id))
        {
            await host.RunAsync(first, _cancellation);
            if (isKilled)
                Assert.Equal(["layer fire/merge"], (await host.Planner.OpenAsync(whole, EmbeddedHost.Images(_spec), _cancellation)).Added);
        }
        await using var last = new EmbeddedHost(_folder.Path, _spec.Id);
        var opened = await last.Planner.OpenAsync(whole, EmbeddedHost.Images(_spec), _cancellation);
        await last.StartAsync(_cancellation);
        Assert.Equal(AtlasState.Completed, (await last.FinishAsync(_spec, _cancellation)).State);

        Assert.Equal([(0, "conv1"), (1, "logits"), (2, "fire/merge")], opened.Spec.Layers.Select(layer => (layer.Index, layer.Name)));
        Assert.All(
            last.Work.Begun, job => Assert.True(job is ScanShard { Pass: 1 } or RenderFilters or ILayerCommand { Layer: 2 }, $"{job}"));
        Assert.Equal(_spec.ShardCount(), last.Work.Begun.Count(job => job is ScanShard));
        Assert.Equal([0], last.Work.Begun.OfType<RenderFilters>().Select(job => job.Layer));
        await using var catalog = last.Database.Open();
        Assert.Equal(
            ["conv1", "fire/merge", "logits"], (await catalog.LayersAsync(1, _cancellation)).Select(layer => layer.Name));
        Assert.Equal(11, await catalog.Neurons.CountAsync(neuron => neuron.Mean != null, _cancellation));
        Assert.Equal(99, await catalog.Patches.CountAsync(patch => patch.Mismatch != null, _cancellation));
        Assert.Equal(22, await catalog.Pictures.CountAsync(picture => picture.Percentile != null, _cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, _cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_images_are_searched_and_what_depends_on_all_is_done_again(bool isLost)
    {
        var spec = _spec with { Methods = AtlasMethods.All };
        var larger = spec with { Images = spec.Images with { Count = 14, ManifestHash = "more" }, ShardImages = 3 };
        await using (var first = new EmbeddedHost(_folder.Path, spec.Id))
        {
            await first.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), _cancellation);
            await first.StartAsync(_cancellation);
            Assert.Equal(AtlasState.Completed, (await first.FinishAsync(spec, _cancellation)).State);
        }
        if (isLost)
            Directory.Delete(Path.Combine(_folder.Path, "scan"), recursive: true);
        await using var host = new EmbeddedHost(_folder.Path, spec.Id);
        var opened = await host.Planner.OpenAsync(larger, EmbeddedHost.Images(larger), _cancellation);
        Assert.Equal(["4 images (10 -> 14)"], opened.Added);
        Assert.Equal(isLost ? 10 : 0, opened.ScannedAgain);
        // What was measured on patches that may be others now is unknown until they are drawn.
        await using (var open = host.Database.Open())
            Assert.Equal(0, await open.Patches.CountAsync(patch => patch.Mismatch != null, _cancellation));
        await host.StartAsync(_cancellation);
        Assert.Equal(AtlasState.Completed, (await host.FinishAsync(spec, _cancellation)).State);

        var scans = host.Work.Begun.OfType<ScanShard>().Select(scan => (scan.Shard, scan.FirstImage, scan.EndImage)).Order().ToList();
        (int, int, int)[] added = [(3, 10, 13), (4, 13, 14)];
        Assert.Equal(isLost ? [(0, 0, 4), (1, 4, 8), (2, 8, 10), .. added] : added, scans);
        Assert.Equal(
            [typeof(MergeLayer), typeof(RenderPatches), typeof(RenderSheet)],
            host.Work.Begun.Where(job => job is not ScanShard).Select(job => job.GetType()).Distinct().OrderBy(type => type.Name));
        Assert.All(host.Work.Begun.OfType<IImagesCommand>(), job => Assert.Equal(14, job.Images));
        await using var catalog = host.Database.Open();
        Assert.Equal(Enumerable.Range(0, 14), await catalog.Images.OrderBy(image => image.ImageIndex).Select(image => image.ImageIndex)
            .ToListAsync(_cancellation));
        Assert.Equal([6, 13], await catalog.Images.Where(image => image.UnreadableReason != null).OrderBy(image => image.ImageIndex)
            .Select(image => image.ImageIndex).ToListAsync(_cancellation));
        Assert.Equal(99, await catalog.Patches.CountAsync(patch => patch.Mismatch != null, _cancellation));
        Assert.Equal(3, await catalog.Layers.CountAsync(layer => layer.SheetKey != null, _cancellation));

        // Fewer images, or others, are refused by the name of one; the same ones in another order are no news.
        var refused = await Assert.ThrowsAsync<AtlasConflictException>(
            () => host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), _cancellation));
        Assert.Contains("its image '10.png' and 3 more are not among them", refused.Message, StringComparison.Ordinal);
        var reversed = larger with { Images = larger.Images with { ManifestHash = "reversed" } };
        var same = await host.Planner.OpenAsync(
            reversed, new ImageList([.. EmbeddedHost.Images(larger).Images.Reverse()]), _cancellation);
        Assert.Equal((AtlasState.Completed, "more"), (same.State, same.Spec.Images.ManifestHash));
    }

    [Fact]
    public async Task Other_settings_in_the_same_catalog_are_refused_by_name()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);
        await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);

        var other = await Assert.ThrowsAsync<AtlasConflictException>(() => host.Planner.OpenAsync(
            _spec with { Methods = AtlasMethods.Top9, Model = _spec.Model with { ModelSha256 = "x" } },
            EmbeddedHost.Images(_spec), _cancellation));
        Assert.Contains("other settings (model)", other.Message);
        var second = await Assert.ThrowsAsync<AtlasConflictException>(
            () => host.Planner.OpenAsync(_spec with { Id = "another" }, EmbeddedHost.Images(_spec), _cancellation));
        Assert.Contains("holds atlas 'sample', not 'another'", second.Message);
    }

    [Fact]
    public async Task A_spec_with_faults_is_refused_before_anything_is_written()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);

        await Assert.ThrowsAsync<InvalidAtlasSpecException>(
            () => host.Planner.OpenAsync(_spec with { ShardImages = 0 }, EmbeddedHost.Images(_spec), _cancellation));
        await Assert.ThrowsAsync<InvalidAtlasSpecException>(() => host.Planner.OpenAsync(_spec, new ImageList([]), _cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Two_processes_do_not_coordinate_one_catalog()
    {
        await using var first = new EmbeddedHost(_folder.Path, _spec.Id);
        await first.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);
        await using var second = new EmbeddedHost(_folder.Path, _spec.Id);

        await Assert.ThrowsAsync<CatalogUnusableException>(
            () => second.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation));
        // If started anyway, it reports this instead of waiting forever.
        await second.StartAsync(_cancellation);
        await Assert.ThrowsAsync<CoordinatorStoppedException>(() => second.FinishAsync(_spec, _cancellation));
    }

    [Fact]
    public async Task A_catalog_that_breaks_stops_the_wait_with_the_reason()
    {
        var work = new FakeWork();
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id, work);
        work.Before = async (job, stop) =>
        {
            if (job is not MergeLayer { Layer: 0, Attempt: 1 })
                return;
            await using var catalog = host.Database.Open();
            await catalog.Database.ExecuteSqlRawAsync("DROP TABLE patch", stop);
        };

        var stopped = await Assert.ThrowsAsync<CoordinatorStoppedException>(() => host.RunAsync(_spec, _cancellation));
        Assert.Contains("no such table: patch", stopped.Message);
    }

    [Fact]
    public async Task An_unknown_atlas_is_named()
    {
        await using var host = new EmbeddedHost(_folder.Path, _spec.Id);
        await host.Planner.OpenAsync(_spec, EmbeddedHost.Images(_spec), _cancellation);

        var unknown = await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Planner.RetryAsync("nowhere", _cancellation));
        Assert.Equal("nowhere", unknown.AtlasId);
        await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Monitor.WhenFinishedAsync("nowhere", _cancellation));
        await Assert.ThrowsAsync<AtlasNotFoundException>(() => host.Monitor.SnapshotAsync("nowhere", _cancellation));
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
        await using var host = new EmbeddedHost(_folder.Path, spec.Id, work);
        await host.Planner.OpenAsync(spec, EmbeddedHost.Images(spec), _cancellation);
        await host.StartAsync(_cancellation);
        await running.Task.WaitAsync(_cancellation);
        var watch = Stopwatch.StartNew();

        StageProgress scan;
        do
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "progress within a job is not seen");
            // Send it repeatedly, as a worker does: progress has its own queue, may overtake "started", and is then dropped.
            await host.Bus.ShowProgressAsync(new JobProgressed(spec.Id, 1, 1, 2), _cancellation);
            await Task.Delay(10, _cancellation);
            var progress = await host.Monitor.SnapshotAsync(spec.Id, _cancellation);
            scan = progress.Stages[0];
            Assert.True(progress.TimeLeft > TimeSpan.Zero);
        }
        while (scan.UnitsDone is not (2 or 7));
        Assert.Equal((JobKind.Scan, 2, 10L), (scan.Kind, scan.Total, scan.UnitsTotal));
        Assert.NotNull(scan.UnitsPerSecond);

        go.SetResult();
        await host.FinishAsync(spec, _cancellation);
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
