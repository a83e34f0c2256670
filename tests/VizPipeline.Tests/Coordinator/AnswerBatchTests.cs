using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Hosting;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Answers that arrive together are written together, with the same result as if each had arrived alone.</summary>
[Collection(TestService.Alone)]
public sealed class AnswerBatchTests : IDisposable
{
    private const int Together = 24;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Answers_that_come_together_cost_few_transactions_and_each_counts_once()
    {
        var spec = SpecSamples.Small("together", images: 200, shardImages: 1);
        await using var service = new TestService(_folder.Path, AllAtOnce(new FakeWork { Answers = 2 }));
        await RunAsync(service, spec);

        Assert.Equal(JobPlan.For(spec).Count, service.Total("viz_ingest_batch_size"));
        var scans = spec.ShardCount();
        Assert.InRange(service.Total("viz_ingest_batch_size_count"), 1, JobPlan.For(spec).Count - (scans / 2));
    }

    [Fact]
    public async Task A_damaged_result_among_others_is_its_own_failure_and_nobody_elses()
    {
        var spec = SpecSamples.Small("spoilt", images: 60, shardImages: 1);
        var work = AllAtOnce(new FakeWork { Store = (job, table) => job is ScanShard { Shard: 7, Attempt: 1 } ? "{"u8.ToArray() : table });
        await using var service = new TestService(_folder.Path, work, new SqliteCatalogDatabase(_folder.File("spoilt.db")));
        await RunAsync(service, spec);

        Assert.Equal(2, work.Begun.Count(job => job is ScanShard { Shard: 7 }));
        Assert.All(work.Begun.Where(job => job is not ScanShard { Shard: 7 }), job => Assert.Equal(1, job.Attempt));
        Assert.Equal(1, service.Total("viz_job_failures_total", "kind=scan"));
        // The counts of the failed transaction were rolled back with it.
        Assert.Equal(JobPlan.For(spec).Count, service.Total("viz_ingest_batch_size"));
        var database = new SqliteCatalogDatabase(_folder.File("spoilt.db"));
        await using var catalog = database.Open();
        Assert.Equal(60 / 7, catalog.Images.Count(image => image.UnreadableReason != null));
    }

    // The first jobs wait for each other, so that their answers arrive together.
    private static FakeWork AllAtOnce(FakeWork work)
    {
        var (begun, all) = (0, new TaskCompletionSource());
        work.Before = async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref begun) == Together)
                all.SetResult();
            await all.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        };
        return work;
    }

    private static async Task RunAsync(TestService service, AtlasSpec spec)
    {
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.FinishAsync(spec.Id);
    }
}
