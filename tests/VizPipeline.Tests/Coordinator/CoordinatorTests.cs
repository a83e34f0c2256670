using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Plans atlases, sends their jobs in order, and refuses what cannot be.</summary>
public sealed class CoordinatorTests : IDisposable
{
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
}
