using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.Coordinator;

/// <summary>An atlas in one process: coordinator, real bus, real catalog, real store, fake workers.</summary>
public sealed class EmbeddedHost : IAsyncDisposable
{
    private readonly IHost _host;

    public EmbeddedHost(string folder, string atlasId, FakeWork? work = null, Action<CoordinatorOptions>? configure = null,
        Action<HostApplicationBuilder>? addBus = null)
    {
        Work = work ?? new FakeWork();
        Store = new FolderObjectStore(folder, AtlasKeys.Root(atlasId));
        Database = new SqliteCatalogDatabase(Path.Combine(folder, "catalog.db"));
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<CatalogDatabase>(Database);
        builder.Services.AddSingleton<IObjectStore>(Store);
        builder.Services.AddSingleton(Work);
        builder.AddCoordinator(options =>
        {
            options.RetryDelay = TimeSpan.FromMilliseconds(20);
            configure?.Invoke(options);
        });
        builder.Services.AddSingleton<IBusReceivers, FakeWorker>();
        (addBus ?? (host => host.AddEmbeddedBus()))(builder);
        _host = builder.Build();
    }

    public FakeWork Work { get; }

    public FolderObjectStore Store { get; }

    public SqliteCatalogDatabase Database { get; }

    public AtlasPlanner Planner => _host.Services.GetRequiredService<AtlasPlanner>();

    public AtlasMonitor Monitor => _host.Services.GetRequiredService<AtlasMonitor>();

    internal LostJobs LostJobs => _host.Services.GetRequiredService<LostJobs>();

    internal JobLedger Ledger => _host.Services.GetRequiredService<JobLedger>();

    public IJobBus Bus => _host.Services.GetRequiredService<IJobBus>();

    public ILiveRequests Requests => _host.Services.GetRequiredService<ILiveRequests>();

    public static ImageList Images(AtlasSpec spec)
        => new([.. Enumerable.Range(0, spec.Images.Count).Select(i => new ImageEntry($"{i}.png", i % 2))]);

    public void AnnounceStop() => _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

    public Task StartAsync(CancellationToken cancellation) => _host.StartAsync(cancellation);

    public Task StopAsync(CancellationToken cancellation) => _host.StopAsync(cancellation);

    public async Task<AtlasResult> RunAsync(AtlasSpec spec, CancellationToken cancellation)
    {
        await Planner.OpenAsync(spec, Images(spec), cancellation);
        await StartAsync(cancellation);
        return await FinishAsync(spec, cancellation);
    }

    public async Task<AtlasResult> FinishAsync(AtlasSpec spec, CancellationToken cancellation)
        => await Monitor.WhenFinishedAsync(spec.Id, cancellation).WaitAsync(TimeSpan.FromSeconds(60), cancellation);

    public async ValueTask DisposeAsync()
    {
        // Stop without a grace period, as when a process is killed.
        try
        {
            await _host.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // Expected.
        }
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
