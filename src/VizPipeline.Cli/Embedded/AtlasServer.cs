using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.ObjectStore;
using VizPipeline.Web;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Embedded;

/// <summary>Serves the atlas of a folder as web pages and API, with a worker in the same process that answers live requests.</summary>
internal static class AtlasServer
{
    /// <summary>Where pages are served unless someone asks otherwise.</summary>
    public const int Port = 8082;

    /// <summary>Serves until it is cancelled.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">The port; 0 for any free one.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(StoredAtlas atlas, string address, int port, CancellationToken cancellation)
    {
        var builder = ServiceHost.CreateBuilder([$"--Http:Port={port}", $"--Http:Address={address}"], "serve", port);
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("VIZ_TRACE") is null ? LogLevel.Error : LogLevel.Debug);
        builder.Services.AddSingleton<IObjectStore>(atlas.OpenStore());
        builder.Services.AddSingleton(atlas.Database);
        builder.AddWorker();
        builder.AddEmbeddedBus(bus => bus.AddWorkerConsumers([WorkerOptions.Live]));
        builder.AddAtlas();
        if (builder.RefusesSettings())
            return ServiceHost.CannotStart;
        var app = builder.Build();
        app.MapServiceEndpoints();
        app.MapAtlas();
        app.Lifetime.ApplicationStarted.Register(() =>
            Console.WriteLine($"Atlas '{atlas.Spec.Id}' is at {app.Urls.First().Replace("0.0.0.0", "localhost", StringComparison.Ordinal)}/atlases/{atlas.Spec.Id} (Ctrl-C ends it)"));
        await using var stop = cancellation.Register(app.Lifetime.StopApplication);
        return await app.RunServiceAsync();
    }
}
