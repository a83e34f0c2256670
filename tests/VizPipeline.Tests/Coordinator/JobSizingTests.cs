using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Tests that job sizes follow the times of earlier jobs.</summary>
public abstract class JobSizingTests(Engine engine) : CatalogTests(engine)
{
    private static readonly AtlasSpec New = Costing(
        SpecSamples.Small("new", images: 10_000, shardImages: 500, neuronsPerJob: 7), 1_000) with
    { BatchSize = 8 };

    [Fact]
    public async Task Nothing_known_changes_nothing()
    {
        await Catalog.Database.MigrateAsync(TestContext.Current.CancellationToken);
        Assert.Equal((500, 7), await SizesAsync(New, workers: 0));
    }

    [Fact]
    public async Task The_same_network_takes_what_it_took_before()
    {
        await DoneAsync(Costing(SpecSamples.Small("old"), 1_000), perImage: 0.25, perPatched: 0.5, perAscended: 4);
        // Another network, which must be ignored.
        await DoneAsync(Other(Costing(SpecSamples.Small("elsewhere"), 10)), perImage: 9, perPatched: 9, perAscended: 9);
        Assert.Equal((240, 15), await SizesAsync(New, workers: 0));
        Assert.Equal((240, 120), await SizesAsync(New with { Methods = AtlasMethods.Top9 | AtlasMethods.Deconv }, workers: 0));
    }

    [Fact]
    public async Task An_unknown_network_takes_what_its_cost_lets_expect()
    {
        await DoneAsync(Other(Costing(SpecSamples.Small("old"), 500)), perImage: 0.25, perPatched: 0.5, perAscended: 4);
        Assert.Equal((120, 7), await SizesAsync(New, workers: 0));
    }

    [Fact]
    public async Task Each_worker_gets_shards()
    {
        await DoneAsync(Costing(SpecSamples.Small("old"), 1_000), perImage: 0.25, perPatched: 0.5, perAscended: 4);
        Assert.Equal((56, 15), await SizesAsync(New, workers: 100));
        Assert.Equal(32, (await SizesAsync(New, workers: 1_000)).Images);
    }

    [Theory]
    [InlineData(4_000, 2)]
    [InlineData(4_000, 3)]
    [InlineData(10_000, 7)]
    [InlineData(50_000, 16)]
    public async Task Each_worker_gets_as_many_shards_as_the_others(int images, int workers)
    {
        await DoneAsync(Costing(SpecSamples.Small("old"), 1_000), perImage: 0.25, perPatched: 0.5, perAscended: 4);
        var spec = New with { Images = New.Images with { Count = images }, BatchSize = 32, ShardImages = 100_000 };
        var (size, _) = await SizesAsync(spec, workers);
        var shards = (images + size - 1) / size;
        // The last shard may be short, but no worker gets a whole shard more than another.
        Assert.True(shards % workers == 0 || shards % workers > workers / 2, $"{shards} shards for {workers} workers");
        Assert.InRange(size, 32, 272);
    }

    private async Task<(int Images, int Neurons)> SizesAsync(AtlasSpec spec, int workers)
    {
        await using var context = Catalog.Database.Open();
        var fitted = await JobSizing.FitAsync(context, spec, workers, TestContext.Current.CancellationToken);
        Assert.Equal(spec.Hash(), fitted.Hash());
        Assert.Empty(fitted.Faults());
        return (fitted.ShardImages, fitted.NeuronsPerJob);
    }

    private async Task DoneAsync(AtlasSpec spec, double perImage, double perPatched, double perAscended)
    {
        var atlas = await Catalog.Create(spec);
        await using var context = Catalog.Database.Open();
        foreach (var job in await context.Jobs.AsTracking().Where(job => job.AtlasId == atlas.Id).ToListAsync(
            TestContext.Current.CancellationToken))
        {
            job.State = JobState.Completed;
            job.ElapsedSeconds = job.Units * (job.Kind switch
            {
                JobKind.Scan => perImage,
                JobKind.Patches => perPatched,
                _ => perAscended,
            });
        }
        await context.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private static AtlasSpec Other(AtlasSpec spec) => spec with { Model = spec.Model with { ModelSha256 = "ef" } };

    // The cost is the number of operations plus 1.
    private static AtlasSpec Costing(AtlasSpec spec, long cost)
        => spec with { Layers = [spec.Layers[0] with { Flops = cost - 1 }, .. spec.Layers.Skip(1)] };
}

public sealed class JobSizingOnSqliteTests() : JobSizingTests(Engine.Sqlite);

public sealed class JobSizingOnPostgresTests() : JobSizingTests(Engine.Postgres);
