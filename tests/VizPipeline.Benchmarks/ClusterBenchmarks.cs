using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Benchmarks;

/// <summary>
/// How many jobs a second a coordinator sends, has done, and takes into the catalog, with a real broker and a real PostgreSQL, and workers
/// that sleep. All of it shares this machine's processors. Servers are named by the services' environment variables.
/// </summary>
internal static class ClusterBenchmarks
{
    private const int Jobs = 20_000;

    // What the workers could do if nothing held them up.
    private const int JobsPerSecondAsked = 4_000;

    public static async Task<int> RunAsync((int Workers, int Rows)[] cases)
    {
        var table = new List<string>();
        foreach (var (workers, rows) in cases)
        {
            var (rate, cpu) = await MeasureAsync(workers, rows);
            table.Add($"| {workers,7:N0} | {rows,9:N0} | {rate,7:N0} | {cpu,5:N2} |");
            Console.WriteLine(table[^1]);
        }
        Console.WriteLine(
            "\n| workers | rows before | jobs/s | processor ms per job, coordinator and simulated workers |\n"
            + $"|---|---|---|---|\n{string.Join('\n', table)}");
        return 0;
    }

    private static async Task<(double JobsPerSecond, double CpuMilliseconds)> MeasureAsync(int workers, int rows)
    {
        await using var coordinator = Coordinator();
        var database = coordinator.Services.GetRequiredService<CatalogDatabase>();
        await database.MigrateAsync();
        await FillAsync(database, rows);
        await coordinator.StartAsync();
        await using var simulated = Workers(workers);
        await simulated.StartAsync();

        var spec = Spec($"sleep-{workers}-{rows}-{Environment.ProcessId}");
        await coordinator.Services.GetRequiredService<AtlasPlanner>()
            .OpenAsync(spec, new ImageList([.. Enumerable.Range(0, Jobs).Select(i => new ImageEntry($"{i}.jpg"))]));
        // The first jobs warm everything up.
        const int Warm = Jobs / 10;
        var start = await WhenAsync(database, spec.Id, Warm);
        var cpu = Cpu();
        var end = await WhenAsync(database, spec.Id, Jobs);
        var done = end.Done - start.Done;
        var used = Cpu() - cpu;
        await simulated.StopAsync();
        await coordinator.StopAsync();
        return (done / Stopwatch.GetElapsedTime(start.At, end.At).TotalSeconds, used.TotalMilliseconds / done);
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static async Task<(int Done, long At)> WhenAsync(CatalogDatabase database, string atlas, int jobs)
    {
        while (true)
        {
            await using (var catalog = database.Open())
            {
                var id = (await catalog.FindAtlasAsync(atlas))!.Id;
                var done = await catalog.Jobs.CountAsync(job => job.AtlasId == id && job.Kind == JobKind.Scan
                    && job.State == JobState.Completed);
                if (done >= jobs)
                    return (done, Stopwatch.GetTimestamp());
            }
            await Task.Delay(200);
        }
    }

    /// <summary>Jobs of a finished atlas, so that the table is large.</summary>
    private static async Task FillAsync(CatalogDatabase database, int rows)
    {
        await using var catalog = database.Open();
        await catalog.Database.ExecuteSqlAsync($"TRUNCATE atlas, worker CASCADE");
        if (rows == 0)
            return;
        catalog.Database.SetCommandTimeout(600);
        catalog.Add(new Catalog.Atlas
        {
            Slug = "old",
            Name = "Old",
            SpecHash = "0",
            Spec = System.Text.Encoding.UTF8.GetString(VizJson.Write(Spec("old"))),
            State = AtlasState.Completed,
            CreatedAt = TimeProvider.System.GetUtcNow().UtcDateTime,
        });
        await catalog.SaveChangesAsync();
        await catalog.Database.ExecuteSqlAsync($"""
            INSERT INTO job (atlas_id, job_id, kind, priority, units, payload, state, attempt, failures, losses, published, worker,
                result_key, elapsed_seconds)
            SELECT atlas.id, i, 'scan', 0, 1, concat('scan ', i), 'completed', 1, 0, 0, true, 'simulated', concat(
                'atlases/old/scan/', i, '.json'), 1
            FROM atlas, generate_series(1, {rows}) i WHERE slug = 'old'
            """);
        await catalog.Database.ExecuteSqlAsync($"ANALYZE job");
    }

    private static WebApplication Coordinator()
    {
        var builder = ServiceHost.CreateBuilder(
            ["--Http:Port=0", "--Http:Address=127.0.0.1", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Warning"], "coordinator", 0);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<IObjectStore, SimulatedStore>();
        builder.AddPostgresCatalog();
        builder.AddRabbitMqBus([QueueNames.Answers, .. JobKinds.All.Select(kind => kind.Queue)]);
        builder.AddCoordinator(options => options.UseClusterDefaults());
        return builder.Build();
    }

    private static WebApplication Workers(int count)
    {
        var builder = ServiceHost.CreateBuilder(
            ["--Http:Port=0", "--Http:Address=127.0.0.1", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Warning"], "workers", 0);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(new Crew(count));
        builder.Services.AddSingleton<IBusReceivers, SleepingWorkers>();
        builder.AddRabbitMqBus([QueueNames.Answers]);
        builder.Services.AddHostedService<CrewReports>();
        return builder.Build();
    }

    private static AtlasSpec Spec(string id) => new()
    {
        Id = id,
        Name = "Sleep",
        Model = new ModelSpec { Model = "net.onnx", ModelSha256 = "ab", Input = [3, 8, 8] },
        Images = new ImageSetSpec { Root = "/images", ManifestHash = "cd", Count = Jobs },
        Preprocessing = JsonSerializer.SerializeToElement(new { resize = 8 }),
        Layers = [new LayerSpec { Index = 0, Name = "conv1", Kind = "conv", Channels = 1, Height = 4, Width = 4 }],
        Methods = AtlasMethods.Top9,
        ShardImages = 1,
    };

    /// <summary>The simulated workers, by number.</summary>
    private sealed class Crew(int count)
    {
        private int _next;

        public int Count => count;

        public TimeSpan Sleep { get; } = TimeSpan.FromSeconds((double)count / JobsPerSecondAsked);

        public string Next() => $"worker-{Interlocked.Increment(ref _next) % count}";
    }

    private sealed class SleepingWorkers(Crew crew, IServiceProvider services) : IBusReceivers
    {
        public IReadOnlyList<BusReceiver> Receivers =>
            [new(JobKinds.Get(JobKind.Scan).Queue, ReceiveAsync) { AtOnce = crew.Count, ReadAhead = crew.Count }];

        private async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
        {
            var bus = services.GetRequiredService<IJobBus>();
            var job = (ScanShard)((JobMessage)delivery.Message).ReadCommand();
            var (name, begun) = (crew.Next(), TimeProvider.System.GetUtcNow());
            await bus.AnswerAsync(new JobStarted(job.AtlasId, job.JobId, job.Attempt, name, begun), cancellation);
            await Task.Delay(crew.Sleep, cancellation);
            var phases = new Dictionary<string, double> { ["work"] = crew.Sleep.TotalSeconds };
            await bus.AnswerAsync(
                new JobCompleted(
                    job.AtlasId, job.JobId, job.Attempt, name, AtlasKeys.ScanTable(job.AtlasId, job.Shard), 1, begun,
                    crew.Sleep.TotalSeconds, phases),
                cancellation);
            return null;
        }
    }

    /// <summary>Each worker tells of itself every five seconds.</summary>
    private sealed class CrewReports(IJobBus bus, Crew crew) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                for (var i = 0; i < crew.Count; i++)
                {
                    var now = TimeProvider.System.GetUtcNow();
                    await bus.ReportAsync(
                        new WorkerReported($"worker-{i}", "simulated", i, "cpu", "0", ["scan"], WorkerState.Busy, null, null, 0, 0, now),
                        stoppingToken);
                    await Task.Delay(TimeSpan.FromSeconds(5.0 / crew.Count), stoppingToken);
                }
            }
        }
    }
}
