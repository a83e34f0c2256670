using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Atlas.Site;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Cli.Verify;
using VizPipeline.Coordinator;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using ImageEntry = VizPipeline.Jobs.ImageEntry;

namespace VizPipeline.Tests.Cli;

/// <summary>A finished atlas with all files that `viz run` writes: pictures, tables, activations, spec, lists and manifest.</summary>
public sealed class FinishedAtlas : IDisposable
{
    private readonly AtlasFolder _atlas = new();

    public static AtlasSpec Spec => AtlasFolder.Spec;

    public string Path => _atlas.Path;

    public SqliteCatalogDatabase Database => _atlas.Database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _atlas.Dispose();

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public static FolderObjectStore Store(string folder, string id = "sample") => new(folder, AtlasKeys.Root(id));

    public Task ChangeAsync(Func<CatalogContext, Task> change) => _atlas.ChangeAsync(change);

    public async Task<FinishedAtlas> MakeAsync()
    {
        var store = Store(Path);
        await (await _atlas.PlanAsync()).CompleteAsync(_ => true);
        foreach (var job in JobPlan.For(Spec))
            await store.PutAsync(JobKinds.Get(job.Command).GetResultKeyOf(Spec, job.Command), AtlasFolder.Result(job.Command), Token);
        await ChangeAsync(async catalog =>
        {
            await catalog.Jobs.ExecuteUpdateAsync(set => set.SetProperty(job => job.State, JobState.Completed), Token);
            await catalog.Atlases.ExecuteUpdateAsync(set => set.SetProperty(atlas => atlas.State, AtlasState.Completed), Token);
            foreach (var job in await catalog.Jobs.AsTracking().ToListAsync(Token))
                job.ResultKey = JobKinds.Get(job.Kind).GetResultKeyOf(Spec, new JobMessage(job.Kind, job.Payload, 1).ReadCommand());
            await catalog.SaveChangesAsync(Token);
            foreach (var key in (await catalog.Pictures.Select(picture => picture.Key).ToListAsync(Token))
                .Concat(await catalog.Layers.Select(layer => layer.SheetKey).ToListAsync(Token)).OfType<string>())
                await store.PutAsync(key, Png.Encode(new RgbImage(28, 28)), Token);
        });
        var writer = new ActivationWriter(store, Spec.Id);
        Half[] values = [.. Enumerable.Range(0, Spec.Images.Count * Spec.Layers[0].Channels).Select(i => (Half)i)];
        await writer.PutShardAsync(0, "conv1", Spec.Layers[0].Channels, values, null, 1, Token);
        await writer.JoinAsync(
            Spec.Layers[0], Spec.Images.Count, null, hasPositions: false, [[.. Enumerable.Range(0, Spec.Images.Count)]], Token);
        await store.PutAsync(AtlasKeys.ScanTally(Spec.Id, 0, "conv1"), new byte[50], Token);
        await store.PutAsync(AtlasKeys.Spec(Spec.Id), VizJson.Write(Spec), Token);
        var images = new ImageList(
            [.. Enumerable.Range(0, Spec.Images.Count).Select(i => new ImageEntry(AtlasFolder.ImageName(i), i % 2))]);
        await store.PutAsync(AtlasKeys.ImageList(Spec.Id), VizJson.Write(images), Token);
        await AtlasManifest.WriteAsync(
            store, Spec, new AtlasResult(Spec.Id, AtlasState.Completed, new Dictionary<JobKind, double>(), [], DateTime.UnixEpoch), "1.0",
            null, null, await ObjectHashes.WriteListAsync(store, Spec.Id, Token), Token);
        await Database.SealAsync(Token);
        return this;
    }

    /// <summary>Returns what `viz verify` finds in the files of a folder, without the network.</summary>
    public static async Task<IReadOnlyList<string>> FindFaultsAsync(string folder)
    {
        using var atlas = await VerifiedAtlas.InFolderAsync(folder, Token);
        var findings = new List<string>();
        var (objects, faulty) = await VerifiedObjects.CheckAsync(atlas, findings, Token);
        Assert.NotNull(objects);
        await VerifiedPictures.CheckAsync(atlas, faulty, findings, Token);
        Assert.Equal(Spec.NeuronCount(), await VerifiedTables.CompareAsync(atlas, findings, Token));
        Assert.Equal(atlas.Row.SpecHash, atlas.Spec.Hash());
        return findings;
    }

    /// <summary>Reads and renders all pages of the atlas in a folder.</summary>
    public static async Task OpenPagesAsync(string folder)
    {
        using var site = new TemporaryFolder();
        var atlas = await StoredAtlas.OpenAsync(folder, Token);
        var pages = new StaticSite(atlas.Database, atlas.OpenStore(), ImageRoots.Here(), withSources: true);
        Assert.True(await pages.WriteAsync(atlas.Spec.Id, site.Path, null, Token) > 20);
    }

    /// <summary>Returns all files below a folder but the lock of the catalog, by their relative paths, with the contents.</summary>
    public static SortedDictionary<string, byte[]> ReadAll(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .ToDictionary(file => System.IO.Path.GetRelativePath(folder, file), System.IO.File.ReadAllBytes), StringComparer.Ordinal);

    public static void WriteAll(string folder, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        foreach (var (name, content) in files)
        {
            var file = System.IO.Path.Combine(folder, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            System.IO.File.WriteAllBytes(file, content);
        }
    }

    public static AtlasManifest ReadManifest(string folder) =>
        VizJson.Read<AtlasManifest>(System.IO.File.ReadAllBytes(System.IO.Path.Combine(folder, "manifest.json")));
}
