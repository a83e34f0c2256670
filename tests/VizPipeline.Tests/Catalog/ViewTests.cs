using VizPipeline.Catalog;

namespace VizPipeline.Tests.Catalog;

/// <summary>Tests the views documented in docs/sql.md.</summary>
public abstract class ViewTests(Engine engine) : CatalogTests(engine)
{
    [Fact]
    public async Task The_views_have_the_columns_that_the_documentation_lists()
    {
        await FilledCatalog.FillAsync(Catalog);
        foreach (var (view, columns) in SqlDocumentation.Views)
        {
            var rows = await CatalogFixture.QueryAsync(Catalog.Database, $"SELECT * FROM {view}");
            Assert.NotEmpty(rows);
            Assert.Equal((view, string.Join(", ", columns)), (view, string.Join(", ", rows[0].Keys)));
        }
        var all = await CatalogFixture.QueryAsync(Catalog.Database, AllViews);
        Assert.Equal(
            SqlDocumentation.Views.Keys.Order(StringComparer.Ordinal), all.Select(row => row["name"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_documented_queries_run_and_find_something()
    {
        await FilledCatalog.FillAsync(Catalog);
        Assert.Equal(6, SqlDocumentation.Queries.Count);
        foreach (var query in SqlDocumentation.Queries)
            Assert.True((await CatalogFixture.QueryAsync(Catalog.Database, query)).Count > 0, $"no row for: {query}");
    }

    [Fact]
    public async Task Views_say_names_instead_of_numbers()
    {
        await FilledCatalog.FillAsync(Catalog);
        async Task<string> One(string sql) => string.Join(" | ", (await CatalogFixture.QueryAsync(Catalog.Database, sql)).Single().Values);

        Assert.Equal("demo | A sample | running | net.onnx | 3 | 11 | 10 | 1", await One(
            "SELECT atlas, name, state, model, layers, neurons, images, unreadable_images FROM v_atlas"));
        Assert.Equal("1", await One("SELECT jobs - jobs_completed - jobs_failed + 1 FROM v_atlas"));
        Assert.Equal("goldfish | dog", await One("SELECT name, best_class FROM v_neuron WHERE layer = 'logits' AND channel = 1"));
        Assert.Equal(
            "[\"cat\",\"dog\",\"dog\",\"cat\",\"dog\",\"dog\",\"dog\",\"cat\",\"dog\"]",
            await One("SELECT top_classes FROM v_neuron WHERE layer = 'conv1' AND channel = 0"));
        Assert.Equal("5.png | dog | 0 | 8", await One(
            "SELECT image, class, y0, y1 FROM v_patch WHERE layer = 'conv1' AND channel = 2 AND rank = 3"));
        Assert.Equal("6.png | cat | image 6 is truncated", await One(
            "SELECT image, class, unreadable_reason FROM v_image WHERE unreadable_reason IS NOT NULL"));
        Assert.Equal("conv1 | failed | out of memory", await One("SELECT layer, state, error FROM v_job WHERE state = 'failed'"));
        Assert.Equal("1.25", await One("SELECT phases ->> 'forward' FROM v_job WHERE job = 1"));
        Assert.Equal("node-1 | idle | 8589934592", await One("SELECT host, state, memory_bytes FROM v_worker"));
    }

    [Fact]
    public async Task A_class_without_a_name_is_its_number()
    {
        var atlas = await Catalog.Create(FilledCatalog.Spec with { Images = FilledCatalog.Spec.Images with { Classes = ["cat"] } });
        Assert.Equal(
            ["cat", "1"],
            (await CatalogFixture.QueryAsync(Catalog.Database, "SELECT class FROM v_image ORDER BY image_index"))
                .Take(2).Select(row => row["class"]));
    }

    [Fact]
    public async Task Views_of_an_older_version_are_replaced()
    {
        await FilledCatalog.FillAsync(Catalog);
        var current = await CatalogFixture.QueryAsync(Catalog.Database, "SELECT * FROM v_worker");
        await CatalogFixture.QueryAsync(Catalog.Database, "DROP VIEW v_worker");
        await CatalogFixture.QueryAsync(Catalog.Database, "CREATE VIEW v_worker AS SELECT w.name AS worker, w.host FROM worker w");

        await Catalog.Database.MigrateAsync(TestContext.Current.CancellationToken);

        Assert.Equal(current, await CatalogFixture.QueryAsync(Catalog.Database, "SELECT * FROM v_worker"));
    }

    protected abstract string AllViews { get; }
}

public sealed class ViewsOnSqliteTests() : ViewTests(Engine.Sqlite)
{
    protected override string AllViews => "SELECT name FROM sqlite_schema WHERE type = 'view'";
}

public sealed class ViewsOnPostgresTests() : ViewTests(Engine.Postgres)
{
    protected override string AllViews => "SELECT viewname AS name FROM pg_views WHERE schemaname = 'public'";
}

public sealed class EnginesAgreeTests
{
    [Fact]
    public async Task Both_databases_tell_the_same_of_an_atlas()
    {
        await using var sqlite = await CatalogFixture.On(Engine.Sqlite);
        await using var postgres = await CatalogFixture.On(Engine.Postgres);
        await FilledCatalog.FillAsync(sqlite);
        await FilledCatalog.FillAsync(postgres);

        Assert.Equal(await CatalogFixture.Contents(sqlite.Database, "demo"), await CatalogFixture.Contents(postgres.Database, "demo"));
        Assert.Equal(await Answers(sqlite.Database), await Answers(postgres.Database));
        foreach (var query in SqlDocumentation.Queries)
            Assert.Equal(
                await CatalogFixture.QueryAsync(sqlite.Database, query), await CatalogFixture.QueryAsync(postgres.Database, query));
    }

    private static async Task<string> Answers(CatalogDatabase database)
    {
        await using var context = database.Open();
        var atlas = (await context.FindAtlasAsync("demo"))!;
        var counts = await context.CountJobsAsync(atlas.Id);
        return System.Text.Json.JsonSerializer.Serialize(new
        {
            atlas.CreatedAt,
            Counts = counts.OrderBy(count => count.Kind).ThenBy(count => count.State),
            Failures = await context.FailuresAsync(atlas.Id),
            Unreadable = await context.UnreadableImagesAsync(atlas.Id),
        });
    }
}
