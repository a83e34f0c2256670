using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Transfer;

/// <summary>
/// Copies a finished atlas from a cluster to a folder. It collects the files in a folder beside the target, which gets its name at the end.
/// </summary>
internal static class AtlasPull
{
    /// <summary>Gets the atlas. If this fails, the same call again gets only what is missing.</summary>
    /// <param name="id">The atlas's id.</param>
    /// <param name="target">The folder; it must not exist, or be empty.</param>
    /// <param name="coordinator">The cluster.</param>
    /// <param name="write">Is told, in lines, what happens.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="UsageException">The cluster has no such atlas, finished; or the folder has files.</exception>
    /// <exception cref="ServiceAwayException">The coordinator does not answer.</exception>
    public static async Task RunAsync(
        string id, string target, CoordinatorClient coordinator, Action<string> write, CancellationToken cancellation)
    {
        if (!AtlasSpec.IsId(id))
            throw new UsageException($"'{id}' is not the id of an atlas; `viz status` lists them");
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (File.Exists(folder))
            throw new UsageException($"--to '{target}' is a file; give a folder");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new UsageException($"folder '{target}' is not empty; give one that does not exist");
        var part = folder + ".part";
        await BeginAsync(id, part, coordinator, cancellation);
        var names = await coordinator.GetAsync<List<string>>($"atlases/{id}/objects", cancellation);
        if (names.FirstOrDefault(name => !IsSafe(name)) is { } hostile)
            throw new UsageException($"the coordinator offers '{hostile}', which is not a file of an atlas");
        var missing = names.Where(name => !File.Exists(Path.Combine(part, name))).ToList();
        write(
            $"Getting atlas '{id}' into {target}: {Atlas.Web.Format.Counted(names.Count, "file")}"
            + (missing.Count < names.Count ? $", {names.Count - missing.Count} of which are there from an earlier try" : ""));
        using (var progress = new ByteProgress("getting", missing.Count, files => Atlas.Web.Format.Counted(files, "file")))
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtlasPush.AtOnce, CancellationToken = cancellation };
            await Parallel.ForEachAsync(missing, options, async (name, stop) =>
            {
                await coordinator.DownloadAsync($"atlases/{id}/objects/{name}", Path.Combine(part, name), stop);
                progress.Add(1);
            });
        }
        await CheckUnchangedAsync(id, part, coordinator, cancellation);
        await FinishAsync(id, part, cancellation);
        if (Directory.Exists(folder))
            Directory.Delete(folder);
        Directory.Move(part, folder);
    }

    // Files of an earlier try count only if the atlas is still the same.
    private static async Task BeginAsync(string id, string part, CoordinatorClient coordinator, CancellationToken cancellation)
    {
        var catalog = EmbeddedAtlas.CatalogFile(part);
        var fresh = EmbeddedAtlas.CatalogFile($"{part}.{Environment.ProcessId}.tmp");
        try
        {
            await coordinator.DownloadAsync($"atlases/{id}/catalog", fresh, cancellation);
            if (!File.Exists(catalog) || await EndAsync(catalog, cancellation) != await EndAsync(fresh, cancellation))
            {
                if (Directory.Exists(part))
                    Directory.Delete(part, recursive: true);
                Directory.CreateDirectory(part);
                File.Move(fresh, catalog);
            }
        }
        finally
        {
            if (Directory.Exists(Path.GetDirectoryName(fresh)))
                Directory.Delete(Path.GetDirectoryName(fresh)!, recursive: true);
        }
    }

    // Otherwise the files might be of two atlases: one that grew meanwhile, and the one before.
    private static async Task CheckUnchangedAsync(string id, string part, CoordinatorClient coordinator, CancellationToken cancellation)
    {
        var (_, _, at) = await EndAsync(EmbeddedAtlas.CatalogFile(part), cancellation);
        var now = (await coordinator.GetAsync<AtlasStatusResponse>($"atlases/{id}", cancellation)).Status;
        if (now.State == AtlasState.Running || now.FinishedAt != at)
            throw new UsageException($"atlas '{id}' has changed while it was copied; run the same command again when it is finished");
    }

    private static async Task<(string Slug, string Hash, DateTime? At)> EndAsync(string file, CancellationToken cancellation)
    {
        await using var catalog = SqliteCatalogDatabase.ForReading(file).Open();
        var atlas = await catalog.Atlases.AsNoTracking().SingleAsync(cancellation);
        return (atlas.Slug, atlas.SpecHash, atlas.FinishedAt);
    }

    // Keys of a cluster's bucket mean nothing in a folder. What a cluster does not write, a folder's list of objects, is made here.
    private static async Task FinishAsync(string id, string part, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(part, cancellation);
        await atlas.Database.CheckSchemaAsync(cancellation);
        if (atlas.Spec.Id != id)
            throw new UsageException($"the coordinator sent atlas '{atlas.Spec.Id}' for '{id}'");
        var spec = atlas.Spec with { Model = atlas.Spec.Model with { ModelKey = null, WeightsKey = null } };
        var store = atlas.OpenStore();
        await AtlasWriting.RunAloneAsync(
            atlas,
            async database =>
            {
                await using (var catalog = database.Open())
                {
                    var row = await catalog.Atlases.AsTracking().SingleAsync(cancellation);
                    row.Spec = Encoding.UTF8.GetString(VizJson.Write(spec));
                    await catalog.SaveChangesAsync(cancellation);
                }
                await store.PutAsync(AtlasKeys.Spec(id), VizJson.Write(spec), cancellation);
                var list = await ObjectHashes.WriteListAsync(store, id, cancellation);
                var manifest = VizJson.Read<AtlasManifest>(await store.GetAsync(AtlasKeys.Manifest(id), cancellation));
                await store.PutAsync(
                    AtlasKeys.Manifest(id), VizJson.Write(manifest with { Spec = spec, ObjectsSha256 = list }), cancellation);
            },
            cancellation);
    }

    private static bool IsSafe(string name) => AtlasKeys.IsLasting(name) && ObjectStore.ObjectKey.IsValid(name);
}
