using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.Catalog;

/// <summary>A catalog in a file of its own.</summary>
public sealed class CatalogFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CatalogFixture() => Database = new SqliteCatalogDatabase(folder.File("catalog.db"));

    public SqliteCatalogDatabase Database { get; }

    public string File => folder.File("catalog.db");

    public void Dispose() => folder.Dispose();

    public async Task<VizPipeline.Catalog.Atlas> Create(AtlasSpec spec)
    {
        await Database.MigrateAsync();
        await using var context = Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        var images = new ImageList([.. Enumerable.Range(0, spec.Images.Count).Select(i => new ImageEntry($"{i}.png", i % 2))]);
        var atlas = await AtlasCreation.CreateAsync(context, spec, images, JobPlan.For(spec), DateTime.UnixEpoch, default);
        await transaction.CommitAsync();
        return atlas;
    }

    public async Task Ingest(VizPipeline.Catalog.Atlas atlas, JobKind kind, int? layer, byte[] table)
    {
        await using var context = Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        var job = await context.Jobs.FirstAsync(job => job.AtlasId == atlas.Id && job.Kind == kind && job.LayerIndex == layer);
        await ResultIngest.IngestAsync(context, job, table, default);
        await transaction.CommitAsync();
    }

    /// <summary>Every row of every table that an atlas's results fill, as text.</summary>
    public static async Task<string> Contents(CatalogDatabase database, string slug)
    {
        await using var context = database.Open();
        var atlas = (await context.FindAtlasAsync(slug))!;
        var rows = new List<object> { await context.LayersAsync(atlas.Id), await context.ImagesAsync(atlas.Id).ToListAsync() };
        await foreach (var (_, neuron) in context.NeuronsAsync(atlas.Id))
            rows.Add(neuron);
        await foreach (var (_, patch) in context.PatchesAsync(atlas.Id))
            rows.Add(patch);
        await foreach (var (_, picture) in context.PicturesAsync(atlas.Id))
            rows.Add(picture);
        return string.Join("\n", rows.Select(row => System.Text.Encoding.UTF8.GetString(VizJson.Write(row))));
    }
}
