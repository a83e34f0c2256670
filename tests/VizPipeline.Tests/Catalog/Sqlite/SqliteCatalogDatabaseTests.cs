using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public sealed class SqliteCatalogDatabaseTests() : CatalogTests(Engine.Sqlite)
{
    [Fact]
    public async Task A_migration_that_was_killed_does_not_hold_up_the_next()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using (var killed = Catalog.Database.Open())
        {
            await killed.Database.ExecuteSqlRawAsync(
                "CREATE TABLE __EFMigrationsLock (Id INTEGER PRIMARY KEY, Timestamp TEXT NOT NULL)", cancellation);
            await killed.Database.ExecuteSqlRawAsync(
                "INSERT INTO __EFMigrationsLock VALUES (1, '2026-01-01 00:00:00+00:00')", cancellation);
        }
        await Catalog.Database.MigrateAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
    }

    [Fact]
    public async Task A_file_that_is_no_catalog_is_named()
    {
        var text = "this is no database, but it is long enough to be one" + new string(' ', 5000);
        await File.WriteAllTextAsync(Catalog.Database.Place, text, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<CatalogUnusableException>(
            () => Catalog.Database.MigrateAsync(TestContext.Current.CancellationToken));
        Assert.Contains(Catalog.Database.Place, refused.Message);
    }

    [Fact]
    public async Task Readers_do_not_wait_for_a_writer()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await Catalog.Create(SpecSamples.Small());
        await using var writer = Catalog.Database.Open();
        await using var transaction = await writer.Database.BeginTransactionAsync(cancellation);
        await writer.Jobs.ExecuteUpdateAsync(jobs => jobs.SetProperty(job => job.State, JobState.Failed), cancellation);

        await using var reader = Catalog.Database.Open();
        Assert.False(await reader.Jobs.AnyAsync(job => job.State == JobState.Failed, cancellation));
        await transaction.CommitAsync(cancellation);
        Assert.True(await reader.Jobs.AllAsync(job => job.State == JobState.Failed, cancellation));
    }
}
