using System.Data.Common;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.CommandLine;

/// <summary>An atlas in a folder, opened for reading. Another process may be building it meanwhile.</summary>
internal sealed class StoredAtlas
{
    private StoredAtlas(string folder, CatalogDatabase database, Atlas row, AtlasSpec spec)
        => (Folder, Database, Row, Spec) = (folder, database, row, spec);

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    /// <summary>The catalog.</summary>
    public CatalogDatabase Database { get; }

    /// <summary>The atlas in the catalog.</summary>
    public Atlas Row { get; }

    /// <summary>What determines the atlas.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>Opens the atlas in a folder.</summary>
    /// <exception cref="UsageException">There is no such folder, or no atlas in it.</exception>
    public static async Task<StoredAtlas> OpenAsync(string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"folder '{folder}' does not exist; give the folder of an atlas, the one that `viz run` was told with --out");
        var database = new SqliteCatalogDatabase(EmbeddedAtlas.CatalogFile(folder));
        if (!database.Exists)
            throw new UsageException($"folder '{folder}' holds no atlas: it has no {Path.GetFileName(database.Place)}");
        try
        {
            await using var catalog = database.Open();
            var row = await catalog.Atlases.AsNoTracking().OrderBy(atlas => atlas.Id).FirstOrDefaultAsync(cancellation)
                ?? throw new UsageException($"the catalog {database.Place} lists no atlas yet; start it with `viz run`");
            return new StoredAtlas(Path.GetFullPath(folder), database, row, VizJson.Read<AtlasSpec>(Encoding.UTF8.GetBytes(row.Spec)));
        }
        catch (DbException failure)
        {
            throw new UsageException($"{database.Place} cannot be read as a VizPipeline catalog: {failure.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>The atlas's pictures and tables, which lie in the same folder.</summary>
    public FolderObjectStore OpenStore() => new(Folder, AtlasKeys.Root(Spec.Id));
}
