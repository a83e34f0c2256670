using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>
/// Changes of an atlas's objects that wait for the catalog. They are complete before the catalog changes; then they are made. A killed
/// process leaves them, and whoever opens the atlas next makes them if the catalog has changed, and discards them if not.
/// </summary>
/// <param name="Replaced">The keys of objects that get new contents, which are stored beside the list.</param>
/// <param name="Deleted">The keys of objects that go.</param>
internal sealed record PendingChanges(IReadOnlyList<string> Replaced, IReadOnlyList<string> Deleted)
{
    /// <summary>Stores changes that are not made yet, in the place of any that are left.</summary>
    /// <param name="store">The atlas's objects.</param>
    /// <param name="atlasId">The id of the atlas.</param>
    /// <param name="replaced">The new contents by key, that of the spec among them, which tells whether the catalog has changed.</param>
    /// <param name="deleted">The keys of objects that go.</param>
    /// <param name="cancellation">Cancels; what is there is incomplete and counts for nothing.</param>
    public static async Task WriteAsync(
        IObjectStore store, string atlasId, IReadOnlyDictionary<string, byte[]> replaced, IReadOnlyList<string> deleted,
        CancellationToken cancellation)
    {
        await store.DeleteAsync(ListKey(atlasId), cancellation);
        foreach (var (key, content) in replaced)
            await store.PutAsync(StagedKey(atlasId, key), content, cancellation);
        // Written last: if it is there, so is everything that it names.
        await store.PutAsync(ListKey(atlasId), VizJson.Write(new PendingChanges([.. replaced.Keys], deleted)), cancellation);
    }

    /// <summary>Makes the changes that are left in a folder, or discards them if the catalog did not change.</summary>
    /// <param name="store">The atlas's objects.</param>
    /// <param name="spec">The spec in the catalog.</param>
    /// <param name="folder">The folder of the atlas.</param>
    /// <param name="cancellation">Cancels; the same call again finishes the work.</param>
    public static async Task FinishAsync(IObjectStore store, AtlasSpec spec, string folder, CancellationToken cancellation)
    {
        if (await store.TryGetAsync(ListKey(spec.Id), cancellation) is { } bytes)
        {
            var changes = VizJson.Read<PendingChanges>(bytes);
            var staged = await store.GetAsync(StagedKey(spec.Id, AtlasKeys.Spec(spec.Id)), cancellation);
            if (staged.AsSpan().SequenceEqual(VizJson.Write(spec)))
                await changes.ApplyAsync(store, spec.Id, cancellation);
            await store.DeleteAsync(ListKey(spec.Id), cancellation);
        }
        // Without the list nobody reads the rest.
        if (FolderOf(folder, spec.Id) is var left && Directory.Exists(left))
            Directory.Delete(left, recursive: true);
    }

    /// <summary>
    /// Makes or discards what a killed process left in the folder of an atlas. Says so on standard error if this cannot be done here.
    /// </summary>
    /// <param name="folder">The folder of the atlas.</param>
    /// <param name="cancellation">Cancels; the same call again finishes the work.</param>
    public static async Task FinishAsync(string folder, CancellationToken cancellation)
    {
        // The name of the folder is the same for every id.
        if (!Directory.Exists(FolderOf(folder, "atlas")) || !File.Exists(EmbeddedAtlas.CatalogFile(folder)))
            return;
        try
        {
            var database = new SqliteCatalogDatabase(EmbeddedAtlas.CatalogFile(folder));
            await using (var alone = await database.TryLeadAsync(cancellation))
            {
                // Whoever changes the atlas now finishes it.
                if (alone is null)
                    return;
                await using var catalog = database.Open();
                if (await catalog.Atlases.AsNoTracking().OrderBy(atlas => atlas.Id).FirstOrDefaultAsync(cancellation) is not { } row)
                    return;
                await FinishAsync(new FolderObjectStore(folder, AtlasKeys.Root(row.Slug)), row.ReadSpec(), folder, cancellation);
            }
            await database.SealAsync(cancellation);
        }
        catch (Exception fault) when (fault is CatalogUnusableException or ObjectStoreException or CorruptTableException or DbException
            or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(
                $"viz: `viz annotate` was interrupted in '{folder}', so files there may be older than the catalog; it cannot be finished "
                + $"now: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    private async Task ApplyAsync(IObjectStore store, string atlasId, CancellationToken cancellation)
    {
        foreach (var key in Replaced)
            await store.PutAsync(key, await store.GetAsync(StagedKey(atlasId, key), cancellation), cancellation);
        foreach (var key in Deleted)
            await store.DeleteAsync(key, cancellation);
    }

    private static string ListKey(string atlasId) => $"{AtlasKeys.Pending(atlasId)}changes.json";

    private static string StagedKey(string atlasId, string key) => $"{AtlasKeys.Pending(atlasId)}new/{AtlasKeys.PathInFolder(key)}";

    private static string FolderOf(string folder, string atlasId) =>
        Path.Combine(folder, AtlasKeys.PathInFolder(AtlasKeys.Pending(atlasId)).TrimEnd('/'));
}
