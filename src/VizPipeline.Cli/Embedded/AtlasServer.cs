using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.Web;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Embedded;

/// <summary>Serves the atlases of folders as web pages and API, with a worker in the same process that answers live requests.</summary>
internal static class AtlasServer
{
    /// <summary>Where pages are served unless someone asks otherwise.</summary>
    public const int Port = 8082;

    /// <summary>Serves until it is cancelled.</summary>
    /// <param name="atlases">The atlases. One alone may still be growing; of several the catalogs are copied.</param>
    /// <param name="address">The address to listen on.</param>
    /// <param name="port">The port; 0 for any free one.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(IReadOnlyList<StoredAtlas> atlases, string address, int port, CancellationToken cancellation)
    {
        using var joined = atlases.Count > 1 ? await JoinedAtlases.OpenAsync(atlases, cancellation) : null;
        var builder = ServiceHost.CreateBuilder([$"--Http:Port={port}", $"--Http:Address={address}"], "serve", port);
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("VIZ_TRACE") is null ? LogLevel.Error : LogLevel.Debug);
        // One line of our own says where the pages are.
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Services.AddSingleton(new AddressPolicy(IdsLast: false));
        builder.Services.AddSingleton(joined?.Store ?? atlases[0].OpenStore());
        builder.Services.AddSingleton(joined?.Database ?? atlases[0].Database);
        builder.AddWorker(options => options.Kinds = WorkerOptions.Live);
        builder.AddEmbeddedBus();
        builder.AddAtlas();
        if (builder.RefusesSettings())
            return ServiceHost.CannotStart;
        var app = builder.Build();
        app.MapServiceEndpoints();
        app.MapAtlas();
        app.Lifetime.ApplicationStarted.Register(() =>
            Console.WriteLine(Text(atlases, app.Urls.First().Replace("0.0.0.0", "localhost", StringComparison.Ordinal))));
        await using var stop = cancellation.Register(app.Lifetime.StopApplication);
        return await app.RunServiceAsync();
    }

    private static string Text(IReadOnlyList<StoredAtlas> atlases, string address) => atlases.Count == 1
        ? $"Atlas '{atlases[0].Spec.Id}' is at {address}/atlases/{atlases[0].Spec.Id} (Ctrl-C ends it)"
        : $"{atlases.Count} atlases are at {address}/ (Ctrl-C ends it)";
}
