using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public abstract class BulkWriteTests(Engine engine, ITestOutputHelper output) : CatalogTests(engine)
{
    [Fact]
    public async Task An_atlas_of_26560_neurons_is_ingested_in_seconds()
    {
        // As many neurons as ResNet-50.
        int[] channels = [.. Enumerable.Repeat(1000, 24), 1280, 1280];
        var spec = SpecSamples.Small(images: 1000) with
        {
            Layers = [.. channels.Select((count, index) => SpecSamples.Layer(index, $"l{index}", "conv", count))],
        };
        var watch = Stopwatch.StartNew();
        var atlas = await Catalog.Create(spec);
        output.WriteLine($"planned in {watch.Elapsed.TotalSeconds:F2} s");
        var tables = spec.Layers.Select(layer => VizJson.Write(ResultSamples.Layer(spec, layer.Index))).ToList();

        watch.Restart();
        foreach (var layer in spec.Layers)
            await Catalog.Ingest(atlas, JobKind.Merge, layer.Index, tables[layer.Index]);
        output.WriteLine($"26,560 neurons with 9 patches each ingested in {watch.Elapsed.TotalSeconds:F2} s");

        await using var context = Catalog.Database.Open();
        Assert.Equal(26_560 * 9, await context.Patches.CountAsync(TestContext.Current.CancellationToken));
        // The measured times are in BulkWrite's remarks; the limit is loose because test machines are shared.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(120), $"ingest took {watch.Elapsed}");
    }

    // Takes a minute. Run with: tests/run -class '*BulkWrite*' -explicit only -showLiveOutput
    [Fact(Explicit = true)]
    public async Task Of_a_million_jobs_the_next_are_found_at_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var spec = SpecSamples.Small() with
        {
            Methods = AtlasMethods.Ascent,
            Layers = [.. Enumerable.Range(0, 20).Select(index => SpecSamples.Layer(index, $"l{index}", "conv", 12_500))],
            Ascent = new AscentSpec { Presets = ["1", "2", "3", "4"], Seeds = [0] },
            NeuronsPerJob = 1,
        };
        var watch = Stopwatch.StartNew();
        await Catalog.Create(spec);
        output.WriteLine($"planned in {watch.Elapsed.TotalSeconds:F1} s, at most {Environment.WorkingSet >> 20} MiB");

        await using var context = Catalog.Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            watch.Restart();
            var next = await context.NextJobsAsync(JobKind.Ascent, DateTime.UnixEpoch, 100, cancellation);
            output.WriteLine($"the next {next.Count} found in {watch.Elapsed.TotalMilliseconds:F1} ms");
        }
        // If PostgreSQL's planner has a choice, it sorts the million jobs: 1.2 s.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(0.3), $"the next jobs were found in {watch.Elapsed}");
    }
}

public sealed class BulkWriteOnSqliteTests(ITestOutputHelper output) : BulkWriteTests(Engine.Sqlite, output);

public sealed class BulkWriteOnPostgresTests(ITestOutputHelper output) : BulkWriteTests(Engine.Postgres, output);
