using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Catalog;

/// <summary>The databases that hold catalogs.</summary>
public enum Engine
{
    Sqlite,
    Postgres,
}

/// <summary>A private, empty catalog on either database.</summary>
public sealed class CatalogFixture : IAsyncDisposable
{
    private readonly TemporaryFolder? _folder;

    private CatalogFixture(TemporaryFolder folder)
        => (_folder, Database) = (folder, new SqliteCatalogDatabase(folder.File("catalog.db")));

    public CatalogFixture(PostgresOptions options) => Database = new PostgresCatalogDatabase(options);

    public CatalogDatabase Database { get; }

    /// <summary>Creates an empty database. Skips the running test if the required server is not installed.</summary>
    public static async Task<CatalogFixture> On(Engine engine) => engine == Engine.Sqlite
        ? new CatalogFixture(new TemporaryFolder())
        : new CatalogFixture(await TestPostgres.NewDatabaseAsync());

    public async ValueTask DisposeAsync()
    {
        _folder?.Dispose();
        if (Database is PostgresCatalogDatabase postgres)
            await postgres.DisposeAsync();
    }

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

    /// <summary>Runs SQL as is and returns the rows, with all columns as text.</summary>
    public static async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> QueryAsync(CatalogDatabase database, string sql)
    {
        await using var context = database.Open();
        await context.Database.OpenConnectionAsync();
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<IReadOnlyDictionary<string, string>>();
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => Text(reader.GetValue(i))));
        return rows;
    }

    // The databases return the same values as different types.
    private static string Text(object value) => value switch
    {
        DBNull => "",
        bool flag => flag ? "1" : "0",
        double number => number.ToString("G6"),
        float number => number.ToString("G6"),
        decimal number => ((double)number).ToString("G6"),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss"),
        Array items => JsonSerializer.Serialize(items, items.GetType()),
        _ => value.ToString()!,
    };

    /// <summary>Returns every row of every table filled by an atlas's results, as text.</summary>
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
