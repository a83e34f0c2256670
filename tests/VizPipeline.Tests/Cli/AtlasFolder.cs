using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Jobs;
using ImageEntry = VizPipeline.Jobs.ImageEntry;

namespace VizPipeline.Tests.Cli;

/// <summary>An atlas in a temporary folder, with names that need quoting in files, and made-up results.</summary>
public sealed class AtlasFolder : IDisposable
{
    public const string OddLayer = "fire/merge, \"the\" 2nd";

    private static readonly string[] ImageNames = ["a,b/c \"d\".png", "e\nf.png", " g.png", "h;\r.png", "ä/日本.png"];
    private readonly TemporaryFolder _folder = new();
    private VizPipeline.Catalog.Atlas? _atlas;

    public AtlasFolder() => Database = new SqliteCatalogDatabase(EmbeddedAtlas.CatalogFile(_folder.Path));

    public static AtlasSpec Spec { get; } = SpecSamples.Small() with
    {
        Layers = [SpecSamples.Layer(0, "conv1", "conv", 5), SpecSamples.Layer(1, OddLayer, "merge", 4),
            SpecSamples.Layer(2, "logits", "output", 2)],
        OutputNames = ["tench, Tinca tinca", "goldfish"],
        Ascent = new AscentSpec { Presets = ["3"], Seeds = [0] },
        Preprocessing = JsonDocument.Parse(Preprocessing.Unit(8, 8).ToJson()).RootElement,
        NeuronsPerJob = 5,
        ShardImages = 10,
    };

    public string Path => _folder.Path;

    public SqliteCatalogDatabase Database { get; }

    public static string ImageName(int index) => index < ImageNames.Length ? ImageNames[index] : $"{index}.png";

    public void Dispose() => _folder.Dispose();

    public async Task<AtlasFolder> PlanAsync()
    {
        await Database.MigrateAsync();
        await using var context = Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        var images = new ImageList([.. Enumerable.Range(0, Spec.Images.Count).Select(i => new ImageEntry(ImageName(i), i % 2))]);
        _atlas = await AtlasCreation.CreateAsync(context, Spec, images, JobPlan.For(Spec), DateTime.UnixEpoch, default);
        await transaction.CommitAsync();
        return this;
    }

    /// <summary>Ingests the results of the jobs selected by <paramref name="which"/>, as the coordinator does.</summary>
    public async Task<AtlasFolder> CompleteAsync(Func<JobGroup, bool> which)
    {
        await using var context = Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        foreach (var planned in JobPlan.For(Spec).Where(job => which(job.Group)))
        {
            var job = await context.Jobs.AsTracking().SingleAsync(row => row.AtlasId == _atlas!.Id && row.JobId == planned.Id);
            await ResultIngest.IngestAsync(context, job, Result(planned.Command), default);
            (job.State, job.ElapsedSeconds, job.FinishedAt) = (JobState.Completed, 1.5, DateTime.UnixEpoch.AddSeconds(planned.Id));
        }
        await context.SaveChangesAsync();
        await transaction.CommitAsync();
        return this;
    }

    /// <summary>Ends the atlas as the coordinator does: with a state and a manifest.</summary>
    public async Task<AtlasFolder> FinishAsync(
        AtlasSpec? spec = null, NetworkAccuracy? accuracy = null, AtlasState state = AtlasState.Completed, params Job[] failures)
    {
        var result = new AtlasResult(
            Spec.Id, state, new Dictionary<JobKind, double>(), failures, new DateTime(2031, 5, 6, 0, 0, 0, DateTimeKind.Utc))
        {
            Accuracy = accuracy,
        };
        await ChangeAsync(context => context.Atlases.ExecuteUpdateAsync(
            row => row.SetProperty(atlas => atlas.State, state)));
        await AtlasManifest.WriteAsync(
            new FolderObjectStore(Path, AtlasKeys.Root(Spec.Id)), spec ?? Spec, result, "1.2.3", command: null, libtorch: null,
            objectsSha256: null, default);
        return this;
    }

    public async Task ChangeAsync(Func<CatalogContext, Task> change)
    {
        await using var context = Database.Open();
        await change(context);
    }

    internal Task<StoredAtlas> OpenAsync() => StoredAtlas.OpenAsync(Path, TestContext.Current.CancellationToken);

    /// <summary>Returns the made-up result table of a job.</summary>
    public static byte[] Result(JobCommand command) => command switch
    {
        ScanShard scan => VizJson.Write(ResultSamples.Scan(scan)),
        GatherShards gather => VizJson.Write(ResultSamples.Gather(gather)),
        MergeLayer merge => VizJson.Write(ResultSamples.Layer(Spec, merge.Layer)),
        RenderPatches patches => VizJson.Write(ResultSamples.Patches(Spec, patches)),
        AscendNeurons ascent => VizJson.Write(ResultSamples.Ascent(Spec, ascent)),
        RenderFilters filters => VizJson.Write(ResultSamples.Filters(Spec, filters)),
        RenderSheet sheet => VizJson.Write(ResultSamples.Sheet(Spec, sheet, [])),
        _ => throw new NotSupportedException(),
    };
}
