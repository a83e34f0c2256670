using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Embedded;

/// <summary>
/// Coordinator and worker in one process: in-memory bus, SQLite, and a folder that is both the catalog's and the object store's.
/// The same code runs on a cluster with other servers behind it.
/// </summary>
public sealed class EmbeddedAtlas : IAsyncDisposable
{
    private readonly IHost _host;

    /// <summary>Puts the host for the atlas <paramref name="atlasId"/> in <paramref name="folder"/> together; nothing runs yet.</summary>
    /// <param name="folder">The atlas's folder; made if missing.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="configure">Options of the worker in this process.</param>
    /// <exception cref="ObjectStoreException">The folder cannot be made or written.</exception>
    public EmbeddedAtlas(string folder, string atlasId, Action<WorkerOptions> configure)
    {
        Folder = Path.GetFullPath(folder);
        Store = new FolderObjectStore(Folder, AtlasKeys.Root(atlasId));
        // An application's own folder is no place to look for the user's settings.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("VIZ_TRACE") is null ? LogLevel.Error : LogLevel.Debug);
        builder.Services.AddSingleton<IObjectStore>(Store);
        builder.Services.AddSingleton<CatalogDatabase>(new SqliteCatalogDatabase(CatalogFile(Folder)));
        var worker = new WorkerOptions();
        configure(worker);
        // A device works on one job and the next lies ready.
        var outstanding = 2 * TorchDevice.Count(worker.Device);
        builder.AddCoordinator(options => (options.Outstanding, options.OutstandingPerKind) = (outstanding, outstanding));
        builder.AddWorker(configure);
        builder.AddEmbeddedBus();
        _host = builder.Build();
        _ = EndWithoutDevice();
    }

    /// <summary>The atlas's folder, absolute.</summary>
    public string Folder { get; }

    /// <summary>The objects below it.</summary>
    public FolderObjectStore Store { get; }

    /// <summary>Plans, resumes and retries.</summary>
    public AtlasPlanner Planner => _host.Services.GetRequiredService<AtlasPlanner>();

    /// <summary>Tells how far the atlas is.</summary>
    public AtlasMonitor Monitor => _host.Services.GetRequiredService<AtlasMonitor>();

    /// <summary>The catalog's file in an atlas's folder.</summary>
    public static string CatalogFile(string folder) => Path.Combine(folder, "atlas.db");

    // Jobs would wait for ever: nobody else can do them.
    private async Task EndWithoutDevice()
    {
        var reason = await _host.Services.GetRequiredService<DeviceGate>().Lost;
        Monitor.Stop(new DeviceUnavailableException($"no device is left: {reason}. Choose another with --device."));
    }

    /// <summary>Begins to work.</summary>
    public Task Start(CancellationToken cancellation) => _host.StartAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Jobs in hand are given up: they will be done again, and nobody waits for them who pressed Ctrl-C.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        try
        {
            await _host.StopAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // It took too long; the process ends anyway.
        }
        _host.Dispose();
    }
}
