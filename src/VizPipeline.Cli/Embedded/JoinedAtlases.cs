using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>
/// Combines the atlases of several folders into one catalog and one object store, so that they can be compared. The catalog is a copy in a
/// temporary file, made at the start; pictures are read from the original folders.
/// </summary>
internal sealed class JoinedAtlases : IDisposable
{
    // Ordered so that referenced rows are copied first.
    private static readonly string[] Tables = ["atlas", "layer", "neuron", "patch", "picture", "image", "image_class", "job"];
    private readonly string _file;

    private JoinedAtlases(
        string file, SqliteCatalogDatabase database, IObjectStore store, IReadOnlyDictionary<string, StoredAtlas> atlases) =>
        (_file, Database, Store, Atlases) = (file, database, store, atlases);

    /// <summary>The combined catalog.</summary>
    public SqliteCatalogDatabase Database { get; }

    /// <summary>The combined object store.</summary>
    public IObjectStore Store { get; }

    /// <summary>The atlases by their ids in the combined catalog.</summary>
    public IReadOnlyDictionary<string, StoredAtlas> Atlases { get; }

    /// <summary>Combines atlases. If several have the same id, a number is appended to the later ones.</summary>
    /// <exception cref="UsageException">The catalog of a folder has another version.</exception>
    public static async Task<JoinedAtlases> OpenAsync(IReadOnlyList<StoredAtlas> atlases, CancellationToken cancellation)
    {
        var file = Path.Combine(Path.GetTempPath(), $"viz-serve-{Environment.ProcessId}-{Path.GetRandomFileName()}.db");
        var database = new SqliteCatalogDatabase(file);
        await database.MigrateAsync(cancellation);
        var stores = new Dictionary<string, FolderObjectStore>();
        var ids = new Dictionary<string, StoredAtlas>();
        try
        {
            foreach (var atlas in atlases)
            {
                var id = Enumerable.Range(1, atlases.Count).Select(i => i == 1 ? atlas.Spec.Id : $"{atlas.Spec.Id}-{i}")
                    .First(id => !stores.ContainsKey(id));
                stores[id] = new FolderObjectStore(atlas.Folder, AtlasKeys.Root(id));
                ids[id] = atlas;
                await atlas.Database.CheckSchemaAsync(cancellation);
                // Atlases of two checkpoints of a network have the same name; the folder distinguishes them.
                var isAlone = atlases.Count(other => other.Spec.Name == atlas.Spec.Name) == 1;
                await CopyAsync(
                    database, atlas, id, isAlone ? atlas.Spec.Name : $"{atlas.Spec.Name} ({Path.GetFileName(atlas.Folder)})", stores.Count,
                    cancellation);
            }
        }
        catch (Exception failure) when (failure is CatalogUnusableException or SqliteException)
        {
            File.Delete(file);
            throw new UsageException(failure.Message.ReplaceLineEndings(" "));
        }
        return new JoinedAtlases(file, database, new JoinedStore(stores), ids);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        foreach (var end in new[] { "", "-wal", "-shm" })
            File.Delete(_file + end);
    }

    private static async Task CopyAsync(
        SqliteCatalogDatabase database, StoredAtlas atlas, string id, string name, int number, CancellationToken cancellation)
    {
        await using var context = database.Open();
        await context.Database.OpenConnectionAsync(cancellation);
        await context.Database.ExecuteSqlAsync($"ATTACH {atlas.Database.AddressToAttach()} AS source", cancellation);
        await using (var transaction = await context.Database.BeginTransactionAsync(cancellation))
        {
            // Ids in a catalog start at 1, and a folder has one atlas with at most a few hundred layers.
            var shift = number * 1_000_000;
            foreach (var table in Tables)
            {
                var columns = await context.Database.SqlQuery<string>($"SELECT name AS Value FROM pragma_table_info({table})")
                    .ToListAsync(cancellation);
                var values = columns.Select(column => (table, column) switch
                {
                    ("atlas" or "layer", "id") or (_, "atlas_id" or "layer_id") => $"\"{column}\" + {shift}",
                    ("atlas", "slug") => "{0}",
                    ("atlas", "name") => "{3}",
                    ("atlas", "spec") => "json_set(spec, '$.id', {0}, '$.name', {3})",
                    (_, "key" or "sheet_key" or "result_key") => $"replace(\"{column}\", {{1}}, {{2}})",
                    _ => $"\"{column}\"",
                });
                var sql =
                    $"INSERT INTO main.{table} ({string.Join(", ", columns.Select(column => $"\"{column}\""))}) SELECT "
                    + $"{string.Join(", ", values)} FROM source.{table}";
                await context.Database.ExecuteSqlRawAsync(
                    sql, [id, AtlasKeys.Root(atlas.Spec.Id) + "/", AtlasKeys.Root(id) + "/", name], cancellation);
            }
            await transaction.CommitAsync(cancellation);
        }
        await context.Database.ExecuteSqlAsync($"DETACH source", cancellation);
    }

    /// <summary>Forwards each key to the store of its atlas.</summary>
    private sealed class JoinedStore(IReadOnlyDictionary<string, FolderObjectStore> stores) : IObjectStore
    {
        public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default) =>
            Get(key).PutAsync(key, content, cancellation);

        public Task PutFileAsync(string key, string file, CancellationToken cancellation = default) =>
            Get(key).PutFileAsync(key, file, cancellation);

        public Task<byte[]> GetAsync(string key, CancellationToken cancellation = default) => Get(key).GetAsync(key, cancellation);

        public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default) =>
            Find(key) is { } store ? store.TryGetAsync(key, cancellation) : Task.FromResult<byte[]?>(null);

        public Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default) =>
            Get(key).GetRangeAsync(key, offset, length, cancellation);

        public Task GetFileAsync(string key, string file, CancellationToken cancellation = default) =>
            Get(key).GetFileAsync(key, file, cancellation);

        public Task<bool> ExistsAsync(string key, CancellationToken cancellation = default) =>
            Find(key) is { } store ? store.ExistsAsync(key, cancellation) : Task.FromResult(false);

        public Task<long> SizeAsync(string key, CancellationToken cancellation = default) => Get(key).SizeAsync(key, cancellation);

        public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
        {
            if (Find(prefix) is not { } store)
                yield break;
            await foreach (var key in store.ListAsync(prefix, cancellation))
                yield return key;
        }

        public Task DeleteAsync(string key, CancellationToken cancellation = default) => Get(key).DeleteAsync(key, cancellation);

        private FolderObjectStore Get(string key) =>
            Find(key) ?? throw new ObjectStoreException($"{key} does not belong to any of the served atlases", isTransient: false);

        private FolderObjectStore? Find(string key) =>
            stores.FirstOrDefault(store => key.StartsWith(AtlasKeys.Root(store.Key) + "/", StringComparison.Ordinal)).Value;
    }
}
