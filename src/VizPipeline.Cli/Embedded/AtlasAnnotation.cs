using System.Text;
using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using ImageEntry = VizPipeline.Images.ImageEntry;

namespace VizPipeline.Cli.Embedded;

/// <summary>
/// Changes the names of outputs and the classes of images of a finished atlas: in its catalog, spec, image list and manifest.
/// </summary>
/// <param name="Images">The images with their new classes.</param>
/// <param name="KeepsStatistics">Whether the classes only got other names, so that what was computed per class holds.</param>
internal sealed record AtlasAnnotation(ImageManifest Images, bool KeepsStatistics)
{
    /// <summary>
    /// Annotates an atlas. Either everything changes, or nothing: what a killed process leaves, the next command finishes or discards.
    /// </summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="names">The names of the outputs; null keeps them.</param>
    /// <param name="labels">The classes of the images; null keeps them.</param>
    /// <param name="cancellation">Cancels before anything is stored.</param>
    /// <param name="objects">The objects of the atlas; null for those in its folder.</param>
    /// <exception cref="UsageException">The image list is missing, or another process works on the atlas.</exception>
    /// <exception cref="CatalogUnusableException">This user may not write to the folder.</exception>
    /// <exception cref="ImageSetException">The label file names none of the images.</exception>
    public static async Task<AtlasAnnotation> WriteAsync(
        StoredAtlas atlas, ClassNames? names, LabelFile? labels, CancellationToken cancellation, IObjectStore? objects = null)
    {
        var (spec, store) = (atlas.Spec, objects ?? atlas.OpenStore());
        var key = AtlasKeys.ImageList(spec.Id);
        var list = VizJson.Read<ImageList>(await store.TryGetAsync(key, cancellation)
            ?? throw new UsageException($"the atlas's image list {key} is missing; `viz run` with the same settings writes it again"));
        string[] paths = [.. list.Images.Select(image => image.Path)];
        var before = await ReadLabelsAsync(atlas, cancellation);
        var classes = labels?.For(paths).ToArray() ?? [.. before.Select(label => NameOf(spec, label))];
        var outputs = names ?? (spec.OutputNames.Count == 0 ? null : new ClassNames(spec.OutputNames.Select(
            (name, index) => new ClassName(index, null, name))));
        var images = new ImageManifest([.. list.Images.Select((image, i) => new ImageEntry(
            i, image.Path, image.Bytes, image.ContentHash, Unreadable: image.Unreadable))]).WithClasses(classes, outputs);
        var renamed = FindRenaming(before, images);
        var annotated = spec with
        {
            Images = spec.Images with { Classes = images.NameClasses(outputs), ManifestHash = images.Hash },
            OutputNames = names?.Labels ?? spec.OutputNames,
        };
        var changes = new ObjectChanges(store, spec.Id);
        changes.Replace(key, VizJson.Write(AtlasSpecs.ToImageList(images)));
        changes.Replace(AtlasKeys.Spec(spec.Id), VizJson.Write(annotated));
        // Sums per class of the shards are of the earlier classes; an atlas that grows by images runs its images through the network again.
        if (labels is not null || !before.SequenceEqual(images.Entries.Select(image => image.ClassIndex)))
        {
            await foreach (var tally in store.ListAsync(AtlasKeys.AllScans(spec.Id), cancellation))
                if (tally.EndsWith(".safetensors", StringComparison.Ordinal))
                    changes.Delete(tally);
        }
        await AtlasWriting.RunAloneAsync(
            atlas,
            async database =>
            {
                await using var catalog = database.Open();
                await using var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
                await WriteCatalogAsync(catalog, atlas.Row.Id, annotated, images, renamed, cancellation);
                await ChangeTablesAsync(catalog, atlas, store, changes, renamed, cancellation);
                await changes.StageAsync(manifest => manifest with { Spec = annotated, SpecHash = annotated.Hash() }, cancellation);
                // From here on the annotation counts, and is finished by whoever comes next.
                await transaction.CommitAsync(CancellationToken.None);
                await PendingChanges.FinishAsync(store, annotated, atlas.Folder, CancellationToken.None);
            },
            cancellation);
        return new AtlasAnnotation(images, renamed is not null);
    }

    private static async Task<IReadOnlyList<int?>> ReadLabelsAsync(StoredAtlas atlas, CancellationToken cancellation)
    {
        await using var catalog = atlas.Database.Open();
        return await catalog.Images.AsNoTracking().Where(image => image.AtlasId == atlas.Row.Id).OrderBy(image => image.ImageIndex)
            .Select(image => image.Label).ToListAsync(cancellation);
    }

    private static string? NameOf(AtlasSpec spec, int? label) =>
        label is not { } index ? null : index < spec.Images.Classes.Count ? spec.Images.Classes[index] : $"{index}";

    /// <summary>Returns the new number of each old class; null if the images are divided in another way.</summary>
    private static Dictionary<int, int>? FindRenaming(IReadOnlyList<int?> old, ImageManifest images)
    {
        var renamed = new Dictionary<int, int>();
        foreach (var (before, after) in old.Zip(images.Entries))
        {
            if (before is { } from && after.ClassIndex is { } to)
            {
                if (!renamed.TryAdd(from, to) && renamed[from] != to)
                    return null;
            }
            else if (before is not null || after.ClassIndex is not null)
            {
                return null;
            }
        }
        return renamed.Values.Distinct().Count() == renamed.Count ? renamed : null;
    }

    private static async Task WriteCatalogAsync(
        CatalogContext catalog, int atlas, AtlasSpec spec, ImageManifest images, Dictionary<int, int>? renamed,
        CancellationToken cancellation)
    {
        var row = await catalog.Atlases.AsTracking().SingleAsync(known => known.Id == atlas, cancellation);
        (row.Spec, row.SpecHash) = (Encoding.UTF8.GetString(VizJson.Write(spec)), spec.Hash());
        await catalog.ImageClasses.Where(known => known.AtlasId == atlas).ExecuteDeleteAsync(cancellation);
        catalog.AddRange(spec.Images.Classes.Select((name, index) => new ImageClass { AtlasId = atlas, ClassIndex = index, Name = name }));
        foreach (var image in await catalog.Images.AsTracking().Where(image => image.AtlasId == atlas).ToListAsync(cancellation))
            image.Label = images.Entries[image.ImageIndex].ClassIndex;
        foreach (var layer in await catalog.LayersAsync(atlas, cancellation))
        {
            // By the order of the ranks, as the statistics list them.
            var tops = (await catalog.Patches.AsNoTracking().Where(patch => patch.LayerId == layer.Id).OrderBy(patch => patch.Rank)
                .Select(patch => new { patch.Channel, patch.ImageIndex }).ToListAsync(cancellation)).ToLookup(patch => patch.Channel);
            foreach (var neuron in await catalog.Neurons.AsTracking().Where(known => known.LayerId == layer.Id).ToListAsync(cancellation))
            {
                if (layer.Kind == "output" && neuron.Channel < spec.OutputNames.Count)
                    neuron.Name = spec.OutputNames[neuron.Channel];
                var classes = tops[neuron.Channel].Select(top => images.Entries[top.ImageIndex].ClassIndex).OfType<int>();
                if (neuron.Images is not null)
                    Annotate(neuron, [.. classes], renamed);
            }
        }
        await catalog.SaveChangesAsync(cancellation);
    }

    // The tables of the merges repeat what the catalog says about classes.
    private static async Task ChangeTablesAsync(
        CatalogContext catalog, StoredAtlas atlas, IObjectStore store, ObjectChanges changes, Dictionary<int, int>? renamed,
        CancellationToken cancellation)
    {
        foreach (var layer in await catalog.LayersAsync(atlas.Row.Id, cancellation))
        {
            await ChangeClassMeansAsync(atlas.Spec.Id, store, layer.Name, changes, renamed, cancellation);
            var key = AtlasKeys.LayerTable(atlas.Spec.Id, layer.Name);
            if (await store.TryGetAsync(key, cancellation) is not { } bytes || TryRead(bytes) is not { } table)
                continue;
            var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id && neuron.Images != null)
                .ToDictionaryAsync(neuron => neuron.Channel, cancellation);
            foreach (var row in table.Neurons)
            {
                if (!neurons.TryGetValue(row.Channel, out var neuron))
                    continue;
                (row.TopClasses, row.TopPurity, row.BestClass) = (neuron.TopClasses, neuron.TopPurity, neuron.BestClass);
                (row.BestClassMean, row.ClassSelectivity) = (neuron.BestClassMean, neuron.ClassSelectivity);
            }
            changes.Replace(key, VizJson.Write(table));
        }
    }

    // The means of other classes need a pass over the images; those of renamed ones are known.
    private static async Task ChangeClassMeansAsync(
        string atlasId, IObjectStore store, string layer, ObjectChanges changes, Dictionary<int, int>? renamed,
        CancellationToken cancellation)
    {
        var keys = ClassMeans.GetKeys(atlasId, layer);
        if (await store.TryGetAsync(keys[^1], cancellation) is not { } file)
            return;
        if (renamed is not null)
            changes.Replace(keys[^1], ClassMeans.Renumber(file, keys[^1], renamed));
        else
            foreach (var key in keys)
                changes.Delete(key);
    }

    // A damaged table stays, for `viz verify` to find.
    private static LayerTable? TryRead(byte[] bytes)
    {
        try
        {
            return VizJson.Read<LayerTable>(bytes);
        }
        catch (CorruptTableException)
        {
            return null;
        }
    }

    private static void Annotate(Neuron neuron, int[] topClasses, Dictionary<int, int>? renamed)
    {
        neuron.TopClasses = topClasses;
        neuron.TopPurity = topClasses.Length == 0
            ? null : (double)topClasses.GroupBy(label => label).Max(group => group.Count()) / topClasses.Length;
        if (renamed is null)
            (neuron.BestClass, neuron.BestClassMean, neuron.ClassSelectivity) = (null, null, null);
        else if (neuron.BestClass is { } best)
            neuron.BestClass = renamed.TryGetValue(best, out var now) ? now : null;
    }
}
