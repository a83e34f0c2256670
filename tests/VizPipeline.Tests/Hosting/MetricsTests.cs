using System.Diagnostics;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Coordinator;
using VizPipeline.Tests.Deployment;
using VizPipeline.Tests.Jobs;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Hosting;

/// <summary>Tests what a service exports to Prometheus, its log and trace collectors, with a real web server.</summary>
[Collection(TestService.Alone)]
public sealed class MetricsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_metric_of_the_contract_is_told_with_the_labels_that_dashboard_and_alerts_ask_for()
    {
        using var small = new SmallAtlas();
        var (spec, images) = small.Plan();
        await using var service = new TestService(_folder.Path);
        // A finished atlas has no progress metric.
        Exposition running;
        using (await service.HoldDeviceAsync())
        {
            await service.StartAsync(spec, images);
            running = await service.MetricsWhenAsync(metrics => metrics.Of("viz_atlas_progress_ratio").Any());
        }
        await service.FinishAsync(spec.Id);
        var metrics = await service.MetricsWhenAsync(metrics => !metrics.Of("viz_atlas_progress_ratio").Any()
            && metrics.Of("viz_ingest_batch_size_count").Any());

        var told = metrics.Samples.Concat(running.Of("viz_atlas_progress_ratio")).ToLookup(sample => sample.Name);
        Assert.All(DeploymentContract.Metrics, name => Assert.True(told.Contains(name), $"{name} is not told:\n{metrics.Text}"));
        Assert.NotEmpty(DashboardTests.Uses);
        // RoleTests covers the metrics that need a broker.
        Assert.All(DashboardTests.Uses.Where(use => !DeploymentContract.BrokerMetrics.Contains(use.Metric)), use =>
        {
            Assert.True(told.Contains(use.Metric), $"{use.Metric} is not told");
            Assert.All(use.Labels, label =>
            {
                Assert.All(told[use.Metric], sample => Assert.Contains(label.Name, sample.Labels.Keys));
                if (label.Value is not null)
                    Assert.Contains(told[use.Metric], sample => sample.Labels[label.Name] == label.Value);
            });
        });
        Assert.All(metrics.Samples.Where(sample => sample.Labels.ContainsKey("kind")), sample => Assert.Contains(
            sample.Labels["kind"], DeploymentContract.JobKinds));
    }

    [Fact]
    public async Task A_worker_counts_the_jobs_and_units_that_it_has_done()
    {
        using var small = new SmallAtlas();
        var (spec, images) = small.Plan();
        await using var service = new TestService(_folder.Path);
        await service.StartAsync(spec, images);
        await service.FinishAsync(spec.Id);

        var neurons = spec.Layers.Sum(layer => layer.Channels);
        Assert.Equal(spec.Images.Count, service.Total("viz_units_total", "kind=scan"));
        Assert.Equal(neurons, service.Total("viz_units_total", "kind=patches"));
        foreach (var jobs in JobPlan.For(spec).GroupBy(job => job.Group.Kind))
            Assert.Equal(jobs.Count(), service.Total("viz_job_duration_seconds_count", $"kind={jobs.Key.Name()}", "device=cpu"));
        Assert.Equal(JobPlan.For(spec).Count, service.Total("viz_ingest_lag_seconds_count"));
        Assert.Equal(JobPlan.For(spec).Count, service.Total("viz_ingest_batch_size"));
        Assert.Equal(0, service.Total("viz_job_failures_total", "kind=scan"));

        // Run it again with the results in place: jobs complete without any work.
        await using var again = new TestService(_folder.Path, database: new SqliteCatalogDatabase(_folder.File("again.db")));
        await again.StartAsync(spec, images);
        await again.FinishAsync(spec.Id);
        Assert.Equal(spec.ShardCount(), again.Total("viz_job_duration_seconds_count", "kind=scan", "device=cpu"));
        Assert.Equal(0, again.Total("viz_units_total", "kind=scan"));
    }

    [Fact]
    public async Task The_leader_tells_jobs_workers_and_progress()
    {
        var spec = SpecSamples.Small("gauged");
        await using var service = new TestService(_folder.Path, Stuck());
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.Bus.ReportAsync(Report("idle", WorkerState.Idle), TestContext.Current.CancellationToken);
        await service.Bus.ReportAsync(Report("ended", WorkerState.Stopping), TestContext.Current.CancellationToken);

        double? Jobs(Exposition metrics, string kind, string state) => metrics.Value("viz_jobs", ("kind", kind), ("state", state));
        var metrics = await service.MetricsWhenAsync(metrics =>
            Jobs(metrics, "scan", "completed") == 2
                && Jobs(metrics, "scan", "running") == 1
                && metrics.Value("viz_workers", ("state", "idle")) == 1);

        Assert.Equal(1, metrics.Value("viz_leader"));
        Assert.Equal(spec.Layers.Count, Jobs(metrics, "merge", "waiting"));
        Assert.Equal(0, Jobs(metrics, "scan", "failed"));
        Assert.Equal(1, metrics.Value("viz_queue_depth", ("kind", "scan")));
        Assert.Equal(0, metrics.Value("viz_queue_depth", ("kind", "merge")));
        Assert.Equal(2.0 / JobPlan.For(spec).Count, metrics.Value("viz_atlas_progress_ratio", ("atlas", spec.Id))!.Value, 1e-6);

        // A silent worker counts as lost, unless it announced that it is stopping.
        metrics = await service.MetricsWhenAsync(metrics => metrics.Value("viz_workers", ("state", "lost")) == 1);
        Assert.Equal(0, metrics.Value("viz_workers", ("state", "idle")));
        Assert.Equal(0, metrics.Value("viz_workers", ("state", "stopping")));
    }

    [Fact]
    public async Task A_failure_is_counted_and_so_is_its_retry()
    {
        var spec = SpecSamples.Small("failing");
        var work = new FakeWork
        {
            Before = (job, _) => job is ScanShard { Shard: 1, Attempt: 1 } or RenderPatches { Layer: 0, FirstChannel: 0 }
                ? throw new ReportedFailureException("it is poison", false)
                : Task.CompletedTask,
        };
        await using var service = new TestService(_folder.Path, work);
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.FinishAsync(spec.Id);

        Assert.Equal((1, 1), (service.Total("viz_job_failures_total", "kind=scan"), service.Total("viz_job_retries_total", "kind=scan")));
        // The third failure was final.
        Assert.Equal(
            (3, 2), (service.Total("viz_job_failures_total", "kind=patches"), service.Total("viz_job_retries_total", "kind=patches")));
        Assert.Equal((0, 0), (service.Total("viz_job_failures_total", "kind=merge"), service.Total("viz_job_retries_total", "kind=merge")));
        Assert.Equal(JobPlan.For(spec).Count - 1, service.Total("viz_ingest_batch_size"));
    }

    [Fact]
    public async Task A_job_that_comes_back_from_a_dead_worker_is_a_retry_and_one_from_a_stopping_worker_is_none()
    {
        var spec = SpecSamples.Small("returned");
        await using var service = new TestService(_folder.Path, Stuck());
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.MetricsWhenAsync(metrics => metrics.Value("viz_jobs", ("kind", "scan"), ("state", "running")) == 1);
        var scan = JobPlan.For(spec).Single(job => job.Command is ScanShard { Shard: 2 });

        await service.Bus.AnswerAsync(
            new JobReturned(spec.Id, scan.Id, 1, "fake", ReturnReason.Stopping), TestContext.Current.CancellationToken);
        await service.MetricsWhenAsync(
            _ => service.Log.Lines.Any(line => line.Message == $"Scan job {scan.Id} of {spec.Id} was sent, attempt 2"));
        Assert.Equal(0, service.Total("viz_job_retries_total", "kind=scan"));
        await service.Bus.AnswerAsync(
            new JobReturned(spec.Id, scan.Id, 2, "fake", ReturnReason.Redelivered), TestContext.Current.CancellationToken);
        await service.MetricsWhenAsync(_ => service.Total("viz_job_retries_total", "kind=scan") == 1);
        Assert.Equal(0, service.Total("viz_job_failures_total", "kind=scan"));
    }

    [Fact]
    public async Task Who_leads_no_more_tells_nothing_of_the_catalog()
    {
        var options = await TestPostgres.NewDatabaseAsync();
        var spec = SpecSamples.Small("led");
        await using var service = new TestService(_folder.Path, Stuck(), new PostgresCatalogDatabase(options));
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.MetricsWhenAsync(metrics => metrics.Value("viz_leader") == 1 && metrics.Of("viz_jobs").Any());

        // Another process waits for the lock, and the leader's connection breaks.
        await using var other = new NpgsqlConnection(PostgresConnection.String(options));
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using (var take = other.CreateCommand())
        {
            take.CommandText = $"""
                SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND objid = {AdvisoryLock.Leadership & 0xFFFFFFFF}
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
                SELECT pg_advisory_lock({AdvisoryLock.Leadership})
                """;
            await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var metrics = await service.MetricsWhenAsync(metrics => metrics.Value("viz_leader") == 0);
        Assert.All(
            (string[])["viz_jobs", "viz_queue_depth", "viz_workers", "viz_atlas_progress_ratio"], name => Assert.Empty(metrics.Of(name)));
        Assert.NotEmpty(metrics.Of("viz_job_failures_total"));

        await other.CloseAsync();
        await service.MetricsWhenAsync(metrics => metrics.Value("viz_leader") == 1 && metrics.Of("viz_jobs").Any());
    }

    [Fact]
    public async Task A_trace_leads_from_the_dispatch_over_the_job_to_the_ingest()
    {
        using var small = new SmallAtlas();
        var (spec, images) = small.Plan();
        spec = spec with { Id = "traced" };
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is VizTelemetry.Name or "MassTransit",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using (var service = new TestService(_folder.Path))
        {
            await service.StartAsync(spec, images);
            await service.FinishAsync(spec.Id);
        }

        var scan = JobPlan.For(spec).First(job => job.Command is ScanShard);
        bool IsOurs(Activity span) => span.GetTagItem("viz.atlas") as string == spec.Id && span.GetTagItem("viz.job") is long id
            && id == scan.Id;
        var job = Assert.Single(spans, span => span.OperationName == "job" && IsOurs(span));
        Assert.Equal(("scan", 1), (job.GetTagItem("viz.kind"), job.GetTagItem("viz.attempt")));
        var dispatch = Assert.Single(spans, span => span.OperationName == "dispatch" && span.TraceId == job.TraceId);
        Assert.InRange((int)dispatch.GetTagItem("viz.jobs")!, spec.ShardCount(), JobPlan.For(spec).Count);
        Assert.Single(spans, span => span.OperationName == "ingest" && IsOurs(span) && span.TraceId == job.TraceId
            && span.GetTagItem("viz.answer") as string == nameof(JobCompleted));
    }

    [Fact]
    public async Task Log_lines_about_an_answer_name_atlas_and_job_as_fields()
    {
        var spec = SpecSamples.Small("logged");
        await using var service = new TestService(_folder.Path, new FakeWork());
        await service.StartAsync(spec, EmbeddedHost.Images(spec));
        await service.FinishAsync(spec.Id);

        var line = Assert.Single(
            service.Log.Lines, line => line.Message.StartsWith($"Scan job 1 of {spec.Id} completed", StringComparison.Ordinal));
        Assert.Equal((spec.Id, 1L, 1), (line.Scope["atlas"], line.Scope["job"], line.Scope["attempt"]));
    }

    // Two scans complete; everything else waits forever.
    private static FakeWork Stuck() => new()
    {
        Before = (job, stop) => job is ScanShard { Shard: < 2 } ? Task.CompletedTask : Task.Delay(Timeout.Infinite, stop),
    };

    private static WorkerReported Report(string worker, WorkerState state)
        => new(worker, "host", 1, "cpu", "0", ["scan"], state, null, null, 0, 0, DateTimeOffset.UnixEpoch);
}
