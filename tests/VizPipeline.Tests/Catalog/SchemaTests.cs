using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public abstract class SchemaTests(Engine engine) : CatalogTests(engine)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    protected abstract string History { get; }

    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await Catalog.Database.MigrateAsync(_cancellation);
        await Catalog.Database.MigrateAsync(_cancellation);

        await using var context = Catalog.Database.Open();
        Assert.False(
            context.Database.HasPendingModelChanges(), "the model has changed: add a migration (src/VizPipeline.Catalog/add-migration)");
        await Catalog.Database.CheckSchemaAsync(_cancellation);
    }

    [Fact]
    public async Task The_migrations_can_be_taken_back()
    {
        await Catalog.Database.MigrateAsync(_cancellation);
        await MigrateTo(Migration.InitialDatabase);
        await Catalog.Database.MigrateAsync(_cancellation);

        await Catalog.Database.CheckSchemaAsync(_cancellation);
    }

    [Fact]
    public async Task A_reader_of_older_tables_is_told_how_to_bring_them_up_to_date()
    {
        await MigrateTo("Initial");

        var refused = await Assert.ThrowsAsync<CatalogUnusableException>(() => Catalog.Database.CheckSchemaAsync(_cancellation));
        Assert.Matches($"{Catalog.Database.Place} lacks migration [0-9]+_[A-Z][a-z]+: .*run `viz", refused.Message);
        // A migration may be in progress; services wait for it at startup.
        Assert.True(Catalog.Database.IsTransient(refused));
    }

    [Fact]
    public async Task Neither_readers_nor_coordinators_touch_newer_tables()
    {
        await Catalog.Database.MigrateAsync(_cancellation);
        await CatalogFixture.QueryAsync(Catalog.Database, $"INSERT INTO {History} VALUES ('99990101000000_Future', '99.0')");

        foreach (var refused in new[]
        {
            await Assert.ThrowsAsync<CatalogUnusableException>(() => Catalog.Database.CheckSchemaAsync(_cancellation)),
            await Assert.ThrowsAsync<CatalogUnusableException>(() => Catalog.Database.MigrateAsync(_cancellation)),
        })
            Assert.Contains(
                $"{Catalog.Database.Place} has migration 99990101000000_Future, which this version does not know", refused.Message);
    }

    [Fact]
    public async Task An_atlas_of_before_the_views_gets_its_names_from_its_spec()
    {
        await MigrateTo(Engine == Engine.Sqlite ? "Cluster" : "Initial");
        var spec = SpecSamples.Small() with { OutputNames = ["tench", "gold \"fish\""] };
        await using (var context = Catalog.Database.Open())
        {
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO atlas (id, slug, name, spec_hash, spec, state, created_at, priority)
                VALUES (7, 'old', 'Old', 'ab', {System.Text.Encoding.UTF8.GetString(
                    VizJson.Write(spec))}, 'running', '2026-01-01 00:00:00', 0)
                """, _cancellation);
        }
        foreach (var (id, kind) in new[] { (8, "conv"), (9, "output") })
        {
            await CatalogFixture.QueryAsync(
                Catalog.Database,
                $"""
                INSERT INTO layer (id, atlas_id, layer_index, name, kind, "operator", channels, height, width, field_height, field_width,
                    stride_y, stride_x, start_y, start_x, sees_whole_input, parameters, depth, flops)
                VALUES ({id}, 7, {id}, 'layer{id}', '{kind}', '', 3, 1, 1, 1, 1, 1, 1, 0, 0, false, 0, 0, 0)
                """);
            await CatalogFixture.QueryAsync(
                Catalog.Database, $"INSERT INTO neuron (layer_id, channel) VALUES ({id}, 0), ({id}, 1), ({id}, 2)");
        }

        await Catalog.Database.MigrateAsync(_cancellation);

        await using var after = Catalog.Database.Open();
        Assert.Equal(
            ["0 cat", "1 dog"],
            await after.ImageClasses.OrderBy(c => c.ClassIndex).Select(c => c.ClassIndex + " " + c.Name).ToListAsync(_cancellation));
        var neurons = await after.Neurons.OrderBy(neuron => neuron.LayerId).ThenBy(neuron => neuron.Channel).ToListAsync(_cancellation);
        Assert.Equal([null, null, null, "tench", "gold \"fish\"", null], neurons.Select(neuron => neuron.Name));
    }

    private async Task MigrateTo(string migration)
    {
        await using var context = Catalog.Database.Open();
        await context.GetService<IMigrator>().MigrateAsync(migration, _cancellation);
    }
}

public sealed class SchemaOnSqliteTests() : SchemaTests(Engine.Sqlite)
{
    protected override string History => "\"__EFMigrationsHistory\"";
}

public sealed class SchemaOnPostgresTests() : SchemaTests(Engine.Postgres)
{
    protected override string History => "schema_migration";
}
