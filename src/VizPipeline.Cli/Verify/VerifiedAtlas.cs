using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VizPipeline.Atlas;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Verify;

/// <summary>An atlas to verify, in a folder or on a cluster.</summary>
/// <param name="Database">The catalog.</param>
/// <param name="Store">The object store with pictures and tables.</param>
/// <param name="Row">The atlas's row in the catalog.</param>
/// <param name="Spec">The spec of the atlas.</param>
internal sealed record VerifiedAtlas(CatalogDatabase Database, IObjectStore Store, Catalog.Atlas Row, AtlasSpec Spec) : IDisposable
{
    private IHost? Host { get; init; }

    /// <summary>Opens the atlas in a folder.</summary>
    /// <exception cref="UsageException">The folder contains no atlas.</exception>
    public static async Task<VerifiedAtlas> InFolderAsync(string folder, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        return new VerifiedAtlas(atlas.Database, atlas.OpenStore(), atlas.Row, atlas.Spec);
    }

    /// <summary>
    /// Opens an atlas of a cluster, with database and object store configured by the environment as for services. Needs read access
    /// only.
    /// </summary>
    /// <exception cref="StartupException">A setting is wrong, or a server cannot be reached.</exception>
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
            ?? throw new UsageException($"the catalog {database.Place} has no atlas '{id}'; `viz status` lists the atlases of a cluster");
        var spec = row.ReadSpec();
        return new VerifiedAtlas(database, host.Services.GetRequiredService<IObjectStore>(), row, spec) { Host = host };
    }

    /// <inheritdoc/>
    public void Dispose() => Host?.Dispose();
}
