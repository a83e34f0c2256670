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
/// Coordinator and worker in one process, with an in-memory bus and a folder for SQLite catalog and object store. On a cluster the same
/// code runs with RabbitMQ, PostgreSQL and S3.
/// </summary>
public sealed class EmbeddedAtlas : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly SqliteCatalogDatabase _database;

    /// <summary>Creates the host for the atlas <paramref name="atlasId"/> in <paramref name="folder"/>; nothing runs yet.</summary>
    /// <param name="folder">The folder of the atlas; created if it does not exist.</param>
    /// <param name="atlasId">The id of the atlas.</param>
    /// <param name="configure">Sets the options of the worker in this process.</param>
    /// <param name="workPerSecond">The speed of a device, see <see cref="WorkEstimate"/>; null for a guess.</param>
    /// <exception cref="ObjectStoreException">The folder cannot be created or written.</exception>
    public EmbeddedAtlas(string folder, string atlasId, Action<WorkerOptions> configure, double? workPerSecond = null)
    {
        Folder = Path.GetFullPath(folder);
        Store = new FolderObjectStore(Folder, AtlasKeys.Root(atlasId));
        // Without defaults, which would read settings from the program's folder.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("VIZ_TRACE") is null ? LogLevel.Error : LogLevel.Debug);
        if (Environment.GetEnvironmentVariable("VIZ_TRACE") is null)
        {
            // The command prints why it stopped, in one line; these would print it again, with pages of stack traces.
            builder.Logging.AddFilter("MassTransit", LogLevel.None);
            builder.Logging.AddFilter(typeof(AtlasMonitor).FullName, LogLevel.None);
        }
        // Ctrl-C is the command's: a second lifetime would react to it too, even while the host is being disposed of.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton<IObjectStore>(Store);
        _database = new SqliteCatalogDatabase(CatalogFile(Folder));
        builder.Services.AddSingleton<CatalogDatabase>(_database);
        var worker = new WorkerOptions();
        configure(worker);
        // One job runs on each device while the next one waits.
        var outstanding = 2 * TorchDevice.Count(worker.Device);
        builder.AddCoordinator(options =>
        {
            (options.Outstanding, options.OutstandingPerKind) = (outstanding, outstanding);
            options.WorkPerSecond = workPerSecond ?? WorkEstimate.PerCoreSecond * Environment.ProcessorCount;
        });
        builder.AddWorker(configure);
        builder.AddEmbeddedBus();
        _host = builder.Build();
        _ = StopWithoutDeviceAsync();
    }

    /// <summary>The absolute path of the atlas's folder.</summary>
    public string Folder { get; }

    /// <summary>The object store in the folder.</summary>
    public FolderObjectStore Store { get; }

    /// <summary>Plans, resumes and retries the atlas.</summary>
    public AtlasPlanner Planner => _host.Services.GetRequiredService<AtlasPlanner>();

    /// <summary>Reports the progress of the atlas.</summary>
    public AtlasMonitor Monitor => _host.Services.GetRequiredService<AtlasMonitor>();

    /// <summary>Returns the path of the catalog in the folder of an atlas.</summary>
    public static string CatalogFile(string folder) => Path.Combine(folder, "atlas.db");

    /// <summary>Returns whether a path in the folder of an atlas is of its catalog or of its notes, which are no objects.</summary>
    public static bool IsDatabase(string path) =>
        path.StartsWith(CatalogFile(""), StringComparison.Ordinal)
            || path.StartsWith(SqliteCatalogDatabase.NotesFile(""), StringComparison.Ordinal);

    // Without a device the jobs would wait forever, because no other worker can run them.
    private async Task StopWithoutDeviceAsync()
    {
        var reason = await _host.Services.GetRequiredService<DeviceGate>().Lost;
        Monitor.Stop(new DeviceUnavailableException($"no working device is left: {reason}. Choose another one with --device."));
    }

    /// <summary>Starts coordinator and worker.</summary>
    public Task StartAsync(CancellationToken cancellation) => _host.StartAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Does not wait for running jobs: the user pressed Ctrl-C, and the jobs will run again.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        try
        {
            await _host.StopAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping took too long. A job still computes with what disposing would free; the process ends anyway.
            return;
        }
        _host.Dispose();
        await _database.SealAsync(CancellationToken.None);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
