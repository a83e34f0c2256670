using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Atlas;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.Worker;

namespace VizPipeline.Cli.Embedded;

/// <summary>Serves atlases in folders as web pages and API, with a worker in the same process for live requests.</summary>
internal static class AtlasServer
{
    /// <summary>The default port.</summary>
    public const int Port = 8082;

    /// <summary>Serves until cancelled and returns the exit code.</summary>
    /// <param name="atlases">The atlases. A single atlas may still be growing; the catalogs of several are copied at the start.</param>
    /// <param name="address">The IP address to listen on.</param>
    /// <param name="port">The port; 0 for any free port.</param>
    /// <param name="cancellation">Stops the server.</param>
    /// <param name="page">The page whose address is printed, such as <c>/story</c>; null for the atlas or the list of atlases.</param>
    public static async Task<int> RunAsync(
        IReadOnlyList<StoredAtlas> atlases, string address, int port, CancellationToken cancellation, string? page = null)
    {
        using var joined = atlases.Count > 1 ? await JoinedAtlases.OpenAsync(atlases, cancellation) : null;
        var builder = ServiceHost.CreateBuilder([$"--Http:Port={port}", $"--Http:Address={address}"], "serve", port);
        builder.Logging.SetMinimumLevel(Environment.GetEnvironmentVariable("VIZ_TRACE") is null ? LogLevel.Error : LogLevel.Debug);
        // A line of our own prints the address.
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Services.AddSingleton(new AddressPolicy(IdsLast: false));
        builder.Services.AddSingleton<IAtlasActivity>(new FolderActivity(
            joined?.Atlases ?? new Dictionary<string, StoredAtlas> { [atlases[0].Spec.Id] = atlases[0] }));
        builder.Services.AddSingleton(joined?.Store ?? atlases[0].OpenStore());
        builder.Services.AddSingleton<CatalogDatabase>(joined?.Database ?? atlases[0].Database);
        builder.Services.AddSingleton(new NotesPolicy(IsOpen: true));
        if (joined is not null)
            builder.Services.AddSingleton<NotesDatabase>(new JoinedNotes(joined.Atlases));
        builder.AddWorker(options => options.Kinds = WorkerOptions.Live);
        builder.AddEmbeddedBus();
        builder.AddAtlas();
        if (builder.RefusesSettings())
            return ServiceHost.CannotStart;
        var app = builder.Build();
        app.MapServiceEndpoints();
        app.MapAtlas();
        app.Lifetime.ApplicationStarted.Register(() =>
            Console.WriteLine(FormatAddress(atlases, app.Urls.First().Replace("0.0.0.0", "localhost", StringComparison.Ordinal), page)));
        await using var stop = cancellation.Register(app.Lifetime.StopApplication);
        return await app.RunServiceAsync();
    }

    private static string FormatAddress(IReadOnlyList<StoredAtlas> atlases, string address, string? page) => page is not null
        ? $"The story is at {address}{page} (press Ctrl-C to stop)" : atlases.Count == 1
        ? $"Atlas '{atlases[0].Spec.Id}' is at {address}/atlases/{atlases[0].Spec.Id} (press Ctrl-C to stop)"
        : $"{atlases.Count} atlases are at {address}/ (press Ctrl-C to stop)";
}
