using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>Changes id and display name of an atlas that has ended, wherever they are stored. Files keep their places.</summary>
internal static class AtlasRenaming
{
    /// <summary>
    /// Renames the atlas: first in the catalog, where either everything changes or nothing, then in its objects. If the process is killed
    /// in between, the same command finishes the work. The hash of the spec stays.
    /// </summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="id">The new id, a valid one.</param>
    /// <param name="name">The new display name; null keeps it.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="UsageException">Another process works on the atlas.</exception>
    /// <exception cref="CatalogUnusableException">This user may not write to the folder.</exception>
    /// <exception cref="CorruptTableException">A result table is damaged.</exception>
    public static async Task WriteAsync(StoredAtlas atlas, string id, string? name, CancellationToken cancellation)
    {
        var renamed = atlas.Spec with { Id = id, Name = name ?? atlas.Spec.Name };
        var store = new FolderObjectStore(atlas.Folder, AtlasKeys.Root(id));
        var changes = new ObjectChanges(store, id);
        // Read before anything changes: damaged tables refuse the new id.
        await StoredTables.ChangeAsync(
            store, renamed, rows => rows.Select(row => row with { Key = row.Key is { } key ? Move(key) : null }), Move, changes,
            cancellation);
        changes.Replace(AtlasKeys.Spec(id), VizJson.Write(renamed));
        await AtlasWriting.RunAloneAsync(
            atlas,
            async database =>
            {
                await WriteCatalogAsync(database, atlas.Row.Id, renamed, cancellation);
                await changes.ApplyAsync(
                    manifest => manifest with { Spec = renamed, SpecHash = renamed.Hash() }, CancellationToken.None);
            },
            cancellation);

        // What is no key of an atlas stays, for `viz verify` to find.
        string Move(string key) => key.Split('/', 3) is ["atlases", _, _] ? $"{AtlasKeys.Root(id)}/{AtlasKeys.PathInFolder(key)}" : key;
    }

    private static async Task WriteCatalogAsync(
        SqliteCatalogDatabase database, int atlas, AtlasSpec renamed, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        var row = await catalog.Atlases.AsTracking().SingleAsync(known => known.Id == atlas, cancellation);
        var (before, after) = (AtlasKeys.Root(row.Slug) + "/", AtlasKeys.Root(renamed.Id) + "/");
        (row.Slug, row.Name) = (renamed.Id, renamed.Name);
        (row.Spec, row.SpecHash) = (Encoding.UTF8.GetString(VizJson.Write(renamed)), renamed.Hash());
        await catalog.SaveChangesAsync(cancellation);
        var start = before.Length;
        await catalog.Database.ExecuteSqlAsync(
            $"""
            UPDATE picture SET "key" = {after} || substr("key", {start + 1})
            WHERE substr("key", 1, {start}) = {before} AND layer_id IN (SELECT id FROM layer WHERE atlas_id = {atlas})
            """,
            cancellation);
        await catalog.Database.ExecuteSqlAsync(
            $"""
            UPDATE layer SET sheet_key = {after} || substr(sheet_key, {start + 1})
            WHERE substr(sheet_key, 1, {start}) = {before} AND atlas_id = {atlas}
            """,
            cancellation);
        await catalog.Database.ExecuteSqlAsync(
            $"""
            UPDATE job SET result_key = {after} || substr(result_key, {start + 1})
            WHERE substr(result_key, 1, {start}) = {before} AND atlas_id = {atlas}
            """,
            cancellation);
        await catalog.Database.ExecuteSqlAsync(
            $"UPDATE job SET payload = json_set(payload, '$.atlas_id', {renamed.Id}) WHERE atlas_id = {atlas}", cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
