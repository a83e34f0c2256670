using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Embedded;

/// <summary>A worker in this process that answers live requests about one atlas, for commands without a server.</summary>
internal sealed class EmbeddedWorker : IAsyncDisposable
{
    private readonly IHost _host;

    private EmbeddedWorker(IHost host) => _host = host;

    /// <summary>Reaches the worker.</summary>
    public ILiveRequests Live => _host.Services.GetRequiredService<ILiveRequests>();

    /// <summary>Starts the worker.</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static async Task<EmbeddedWorker> StartAsync(StoredAtlas atlas, CancellationToken cancellation)
    {
        TorchRuntime.Start();
        // Without defaults, which would read settings from the program's folder.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton<IObjectStore>(atlas.OpenStore());
        builder.AddWorker(options => options.Kinds = WorkerOptions.Live);
        builder.AddEmbeddedBus();
        var host = builder.Build();
        await host.StartAsync(cancellation);
        return new EmbeddedWorker(host);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
