using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

public sealed class SqliteCatalogDatabaseTests : IDisposable
{
    private readonly CatalogFixture catalog = new();

    public void Dispose() => catalog.Dispose();

    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await catalog.Database.MigrateAsync(TestContext.Current.CancellationToken);
        await catalog.Database.MigrateAsync(TestContext.Current.CancellationToken);

        await using var context = catalog.Database.Open();
        Assert.False(context.Database.HasPendingModelChanges(), "the model has changed: add a migration (VizPipeline.Catalog.csproj says how)");
    }

    [Fact]
    public async Task A_migration_that_was_killed_does_not_hold_up_the_next()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using (var killed = catalog.Database.Open())
        {
            await killed.Database.ExecuteSqlRawAsync("CREATE TABLE __EFMigrationsLock (Id INTEGER PRIMARY KEY, Timestamp TEXT NOT NULL)", cancellation);
            await killed.Database.ExecuteSqlRawAsync("INSERT INTO __EFMigrationsLock VALUES (1, '2026-01-01 00:00:00+00:00')", cancellation);
        }
        await catalog.Database.MigrateAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
    }

    [Fact]
    public async Task A_file_that_is_no_catalog_is_named()
    {
        var text = "this is no database, but it is long enough to be one" + new string(' ', 5000);
        await File.WriteAllTextAsync(catalog.File, text, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<CatalogUnusableException>(() => catalog.Database.MigrateAsync(TestContext.Current.CancellationToken));
        Assert.Contains(catalog.File, refused.Message);
    }

    [Fact]
    public async Task Only_one_coordinator_at_a_time()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using (var first = await catalog.Database.TryLeadAsync(cancellation))
        {
            Assert.True(await first!.IsHeldAsync(cancellation));
            Assert.Null(await catalog.Database.TryLeadAsync(cancellation));
        }
        await using var next = await catalog.Database.TryLeadAsync(cancellation);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Readers_do_not_wait_for_a_writer()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await catalog.Create(SpecSamples.Small());
        await using var writer = catalog.Database.Open();
        await using var transaction = await writer.Database.BeginTransactionAsync(cancellation);
        await writer.Jobs.ExecuteUpdateAsync(jobs => jobs.SetProperty(job => job.State, JobState.Failed), cancellation);

        await using var reader = catalog.Database.Open();
        Assert.False(await reader.Jobs.AnyAsync(job => job.State == JobState.Failed, cancellation));
        await transaction.CommitAsync(cancellation);
        Assert.True(await reader.Jobs.AllAsync(job => job.State == JobState.Failed, cancellation));
    }
}
