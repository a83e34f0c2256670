using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Atlases that gain methods, layers and images.</summary>
public sealed class CoordinatorGrowthTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly AtlasSpec _spec = SpecSamples.Small();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

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
        Assert.Equal(await UndisturbedAtlas.ContentsAsync(), await CatalogFixture.Contents(last.Database, _spec.Id));
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
}
