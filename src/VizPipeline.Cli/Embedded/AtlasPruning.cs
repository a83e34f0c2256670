using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Embedded;

/// <summary>Takes parts away from an atlas that has ended: from its catalog, spec, result tables, manifest and folder.</summary>
internal sealed class AtlasPruning
{
    private readonly IReadOnlyList<string> _methods;
    private readonly IReadOnlyList<LayerSpec> _layers;
    private readonly bool _changesHash;
    private readonly bool _sheets;

    private AtlasPruning(AtlasSpec spec, IReadOnlyList<string> layers, IReadOnlyList<PrunedPart> parts, ObjectChanges changes)
    {
        Parts = parts;
        Changes = changes;
        _methods = [.. parts.Select(part => part.Name).Where(AtlasParts.AllMethods.ContainsKey)];
        _sheets = parts.Any(part => part.Name == "sheets");
        var pruned = _methods.Aggregate(spec.Pruned ?? AtlasMethods.None, (all, method) => all | AtlasParts.AllMethods[method]);
        _layers = [.. spec.Layers.Where(layer => layers.Contains(layer.Name))];
        // Also when the catalog has lost them already, and only files are left.
        _changesHash = layers.Count > 0;
        Spec = LayerChanges.Without(spec, layers) with { Pruned = pruned == AtlasMethods.None ? null : pruned };
    }

    /// <summary>The parts, each with what is there of it; those that the atlas does not have are left out.</summary>
    public IReadOnlyList<PrunedPart> Parts { get; }

    /// <summary>The changes of the atlas's objects.</summary>
    public ObjectChanges Changes { get; }

    /// <summary>The spec that the atlas will have. Its hash is the old one's unless layers go.</summary>
    public AtlasSpec Spec { get; }

    /// <summary>Finds what has to be done. Nothing is changed yet.</summary>
    /// <exception cref="CorruptTableException">A result table is damaged.</exception>
    public static async Task<AtlasPruning> PlanAsync(
        AtlasSpec spec, FolderObjectStore store, AtlasParts parts, CancellationToken cancellation)
    {
        var (changes, found) = (new ObjectChanges(store, spec.Id), new List<PrunedPart>());
        var layers = parts.Layers.ToDictionary(ManifestPruning.NameOf);
        bool IsKnown(string part) => spec.Layers.Any(layer => ManifestPruning.NameOf(layer.Name) == part);
        foreach (var (part, prefixes) in parts.Of(spec))
        {
            var (files, bytes) = (0, 0L);
            foreach (var prefix in prefixes)
            {
                changes.Forget(prefix);
                await foreach (var key in store.ListAsync(prefix, cancellation))
                {
                    changes.Delete(key);
                    (files, bytes) = (files + 1, bytes + await store.SizeAsync(key, cancellation));
                }
            }
            if (layers.GetValueOrDefault(part) is { } layer)
            {
                foreach (var key in AtlasParts.KeysOf(spec, layer))
                {
                    changes.Delete(key);
                    if (await store.ExistsAsync(key, cancellation))
                        (files, bytes) = (files + 1, bytes + await store.SizeAsync(key, cancellation));
                }
            }
            // Pictures and layers have rows besides their files; those of dead neurons have no file.
            if (files > 0 || AtlasParts.AllMethods.ContainsKey(part) || IsKnown(part))
                found.Add(new PrunedPart(part, files, bytes));
        }
        var pruning = new AtlasPruning(spec, parts.Layers, found, changes);
        if (pruning._methods.Count > 0)
            await StoredTables.ChangeAsync(
                store, pruning.Spec, rows => rows.Where(row => !pruning._methods.Contains(row.Method)), sheet => sheet, changes,
                cancellation);
        if (pruning._methods.Count > 0 || parts.Layers.Count > 0)
            changes.Replace(AtlasKeys.Spec(spec.Id), VizJson.Write(pruning.Spec));
        if (parts.Layers.Count > 0)
            await DeletePassesAsync(pruning.Spec, store, changes, cancellation);
        return pruning;
    }

    // A pass without layers is none; a layer that is added again would take its tables for its own.
    private static async Task DeletePassesAsync(
        AtlasSpec spec, FolderObjectStore store, ObjectChanges changes, CancellationToken cancellation)
    {
        var needed = KeysOfJobs(spec).ToHashSet(StringComparer.Ordinal);
        await foreach (var key in store.ListAsync(AtlasKeys.AllScans(spec.Id), cancellation))
            if (AtlasKeys.IsScanTable(spec.Id, key) && !needed.Contains(key))
                changes.Delete(key);
    }

    private static IEnumerable<string> KeysOfJobs(AtlasSpec spec)
        => JobPlan.For(spec).Select(job => JobKinds.Get(job.Command).GetResultKeyOf(spec, job.Command));

    /// <summary>Deletes the rows of the pictures from a catalog. Either all go, or none.</summary>
    public async Task WriteCatalogAsync(CatalogDatabase database, string atlasId, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        await using var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        var row = await catalog.Atlases.AsTracking().SingleAsync(known => known.Slug == atlasId, cancellation);
        row.Spec = Encoding.UTF8.GetString(VizJson.Write(Spec));
        row.SpecHash = _layers.Count > 0 ? Spec.Hash() : row.SpecHash;
        await catalog.SaveChangesAsync(cancellation);
        await DeleteLayersAsync(catalog, row, cancellation);
        var layers = catalog.Layers.Where(layer => layer.AtlasId == row.Id);
        await catalog.Pictures.Where(picture => _methods.Contains(picture.Method) && layers.Any(layer => layer.Id == picture.LayerId))
            .ExecuteDeleteAsync(cancellation);
        if (_sheets)
            await layers.ExecuteUpdateAsync(set => set.SetProperty(layer => layer.SheetKey, (string?)null), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task DeleteLayersAsync(CatalogContext catalog, Catalog.Atlas row, CancellationToken cancellation)
    {
        if (_layers.Count == 0)
            return;
        var indices = _layers.Select(layer => layer.Index).ToList();
        var layers = catalog.Layers.Where(layer => layer.AtlasId == row.Id && indices.Contains(layer.LayerIndex));
        await catalog.Pictures.Where(picture => layers.Any(layer => layer.Id == picture.LayerId)).ExecuteDeleteAsync(cancellation);
        await catalog.Facets.Where(facet => layers.Any(layer => layer.Id == facet.LayerId)).ExecuteDeleteAsync(cancellation);
        await catalog.Patches.Where(patch => layers.Any(layer => layer.Id == patch.LayerId)).ExecuteDeleteAsync(cancellation);
        await catalog.Neurons.Where(neuron => layers.Any(layer => layer.Id == neuron.LayerId)).ExecuteDeleteAsync(cancellation);
        await layers.ExecuteDeleteAsync(cancellation);
        await catalog.Jobs.Where(job => job.AtlasId == row.Id && job.LayerIndex != null && indices.Contains(job.LayerIndex.Value))
            .ExecuteDeleteAsync(cancellation);
        var needed = KeysOfJobs(Spec).ToHashSet(StringComparer.Ordinal);
        foreach (var job in await catalog.Jobs.AsTracking().Where(job => job.AtlasId == row.Id && job.LayerIndex == null)
            .ToListAsync(cancellation))
        {
            var command = new JobMessage(job.Kind, job.Payload, job.Attempt).ReadCommand();
            if (!needed.Contains(JobKinds.Get(job.Kind).GetResultKeyOf(Spec, command)))
                catalog.Remove(job);
        }
        await catalog.SaveChangesAsync(cancellation);
        if (OutputClasses.Of(Spec) is null)
            await catalog.Images.Where(image => image.AtlasId == row.Id && image.ClassRank != null)
                .ExecuteUpdateAsync(set => set.SetProperty(image => image.ClassRank, (int?)null), cancellation);
    }

    /// <summary>Returns the manifest that the atlas will have.</summary>
    /// <param name="manifest">The manifest now.</param>
    /// <param name="at">The time, UTC; null if the parts are left out of a packed file.</param>
    public AtlasManifest Change(AtlasManifest manifest, DateTime? at) =>
        manifest.WithPruned(Parts.Select(part => part.Name), at) with
        {
            Spec = Spec,
            SpecHash = _changesHash ? Spec.Hash() : manifest.SpecHash,
        };

    /// <summary>
    /// Takes the parts away: first from the catalog, so that no page asks for a file that is gone, the files last. If the process is killed
    /// in between, the atlas can be read, and the same command finishes the work.
    /// </summary>
    /// <exception cref="UsageException">Another process works on the atlas.</exception>
    public async Task RunAsync(StoredAtlas atlas, DateTime at, CancellationToken cancellation)
    {
        await AtlasWriting.RunAloneAsync(
            atlas,
            async database =>
            {
                await WriteCatalogAsync(database, atlas.Spec.Id, cancellation);
                await Changes.ApplyAsync(manifest => Change(manifest, at), cancellation);
                RemoveEmptyFolders(atlas.OpenStore());
            },
            cancellation);
    }

    private void RemoveEmptyFolders(FolderObjectStore store)
    {
        foreach (var folder in Changes.Deleted.Select(key => Path.GetDirectoryName(store.PathOf(key))!).Distinct().ToList())
        {
            for (var empty = folder; empty.Length > store.Folder.Length && Directory.Exists(empty)
                && !Directory.EnumerateFileSystemEntries(empty).Any(); empty = Path.GetDirectoryName(empty)!)
                Directory.Delete(empty);
        }
    }
}

/// <summary>A part to take away.</summary>
/// <param name="Name">Its name, as the manifest records it.</param>
/// <param name="Files">Number of files.</param>
/// <param name="Bytes">Their size.</param>
internal sealed record PrunedPart(string Name, int Files, long Bytes);
