using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.CommandLine;

/// <summary>An atlas in a folder, opened for reading. Another process may be building it at the same time.</summary>
internal sealed class StoredAtlas
{
    private StoredAtlas(string folder, SqliteCatalogDatabase database, Catalog.Atlas row, AtlasSpec spec)
        => (Folder, Database, Row, Spec) = (folder, database, row, spec);

    /// <summary>The full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>The catalog.</summary>
    public SqliteCatalogDatabase Database { get; }

    /// <summary>The atlas's row in the catalog.</summary>
    public Catalog.Atlas Row { get; }

    /// <summary>The spec of the atlas.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>Opens the atlas in a folder, and finishes what a killed change of it left.</summary>
    /// <exception cref="UsageException">The folder does not exist, or contains no atlas.</exception>
    public static async Task<StoredAtlas> OpenAsync(string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"folder '{folder}' does not exist; give the folder of an atlas, the --out folder of `viz run`");
        var database = SqliteCatalogDatabase.ForReading(EmbeddedAtlas.CatalogFile(folder));
        if (!database.Exists)
            throw new UsageException($"folder '{folder}' contains no atlas: there is no {Path.GetFileName(database.Place)} in it");
        await PendingChanges.FinishAsync(folder, cancellation);
        try
        {
            await using var catalog = database.Open();
            var row = await catalog.Atlases.AsNoTracking().OrderBy(atlas => atlas.Id).FirstOrDefaultAsync(cancellation)
                ?? throw new UsageException($"the catalog {database.Place} contains no atlas yet; create one with `viz run`");
            return new StoredAtlas(Path.GetFullPath(folder), database, row, row.ReadSpec());
        }
        catch (DbException failure)
        {
            throw new UsageException(
                $"{database.Place} cannot be read as a VizPipeline catalog: {failure.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Opens the object store with the atlas's pictures and tables, which are in the same folder.</summary>
    public FolderObjectStore OpenStore() => new(Folder, AtlasKeys.Root(Spec.Id));
}
