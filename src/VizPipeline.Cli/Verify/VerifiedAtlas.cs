using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Web;

namespace VizPipeline.Cli.Verify;

/// <summary>An atlas to verify, wherever it lies.</summary>
/// <param name="Database">The catalog.</param>
/// <param name="Store">Pictures and tables.</param>
/// <param name="Row">The atlas in the catalog.</param>
/// <param name="Spec">What determines it.</param>
internal sealed record VerifiedAtlas(CatalogDatabase Database, IObjectStore Store, Atlas Row, AtlasSpec Spec) : IDisposable
{
    private IHost? Host { get; init; }

    /// <summary>That of a folder.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static async Task<VerifiedAtlas> InFolderAsync(string folder, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        return new VerifiedAtlas(atlas.Database, atlas.OpenStore(), atlas.Row, atlas.Spec);
    }

    /// <summary>That of a cluster, whose database and object store the environment names as it does for services. Reading rights are enough.</summary>
    /// <exception cref="StartupException">A setting is wrong, or a server is not there.</exception>
    /// <exception cref="UsageException">The cluster has no such atlas.</exception>
    public static async Task<VerifiedAtlas> OnClusterAsync(string id, CancellationToken cancellation)
    {
        var host = await ServiceHost.OpenClusterAsync(
            builder =>
            {
                builder.AddCatalogReader();
                builder.AddObjectStore(StoreAccess.Read);
            },
            cancellation);
        var database = host.Services.GetRequiredService<CatalogDatabase>();
        await using var catalog = database.Open();
        var row = await catalog.FindAtlasAsync(id, cancellation)
            ?? throw new UsageException($"the catalog {database.Place} has no atlas '{id}'; `viz status` lists those of a cluster");
        var spec = VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(row.Spec));
        return new VerifiedAtlas(database, host.Services.GetRequiredService<IObjectStore>(), row, spec) { Host = host };
    }

    /// <inheritdoc/>
    public void Dispose() => Host?.Dispose();
}
