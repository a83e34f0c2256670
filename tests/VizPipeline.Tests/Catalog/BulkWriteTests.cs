using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public sealed class BulkUpsertTests(ITestOutputHelper output) : IDisposable
{
    private readonly CatalogFixture catalog = new();

    public void Dispose() => catalog.Dispose();

    [Fact]
    public async Task An_atlas_of_26560_neurons_is_ingested_in_seconds()
    {
        // SqueezeNet's and AlexNet's worth of neurons: 26 layers.
        int[] channels = [.. Enumerable.Repeat(1000, 24), 1280, 1280];
        var spec = SpecSamples.Small(images: 1000) with
        {
            Layers = [.. channels.Select((count, index) => SpecSamples.Layer(index, $"l{index}", "conv", count))],
        };
        var watch = Stopwatch.StartNew();
        var atlas = await catalog.Create(spec);
        output.WriteLine($"planned in {watch.Elapsed.TotalSeconds:F2} s");
        var tables = spec.Layers.Select(layer => VizJson.Write(ResultSamples.Layer(spec, layer.Index))).ToList();

        watch.Restart();
        foreach (var layer in spec.Layers)
            await catalog.Ingest(atlas, JobKind.Merge, layer.Index, tables[layer.Index]);
        output.WriteLine($"26,560 neurons with 9 patches each ingested in {watch.Elapsed.TotalSeconds:F2} s");

        await using var context = catalog.Database.Open();
        Assert.Equal(26_560 * 9, await context.Patches.CountAsync(TestContext.Current.CancellationToken));
        // BulkUpsert says what was measured; the limit is loose because test machines are shared.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(120), $"ingest took {watch.Elapsed}");
    }
}
