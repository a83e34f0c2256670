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

    [Fact]
    public async Task A_sealed_catalog_is_one_file_that_reading_does_not_change()
    {
        var (database, cancellation) = (await SealedAsync(), TestContext.Current.CancellationToken);
        var before = await File.ReadAllBytesAsync(database.Place, cancellation);
        await using (var reader = SqliteCatalogDatabase.ForReading(database.Place).Open())
        {
            Assert.Equal(1, await reader.Atlases.CountAsync(cancellation));
            await Assert.ThrowsAnyAsync<Exception>(() => reader.Atlases.ExecuteDeleteAsync(cancellation));
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(database.Place, cancellation));
        AssertIsAlone(database.Place);
    }

    [Fact]
    public async Task A_sealed_catalog_can_be_written_and_sealed_again()
    {
        var (database, cancellation) = (await SealedAsync(), TestContext.Current.CancellationToken);
        await using (var writer = database.Open())
            await writer.Atlases.ExecuteUpdateAsync(atlas => atlas.SetProperty(row => row.Name, "other"), cancellation);
        Assert.True(await database.SealAsync(cancellation));

        AssertIsAlone(database.Place);
        await using var reader = SqliteCatalogDatabase.ForReading(database.Place).Open();
        Assert.Equal("other", (await reader.Atlases.SingleAsync(cancellation)).Name);
    }

    [Fact]
    public async Task A_catalog_is_not_sealed_while_a_process_coordinates_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await Catalog.Create(SpecSamples.Small());
        var database = (SqliteCatalogDatabase)Catalog.Database;
        await using (await database.TryLeadAsync(cancellation))
            Assert.False(await database.SealAsync(cancellation));
        Assert.True(await database.SealAsync(cancellation));
    }

    [Fact]
    public async Task A_reader_sees_what_a_writer_commits_and_does_not_keep_it_from_sealing()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await Catalog.Create(SpecSamples.Small());
        var (database, reading) = ((SqliteCatalogDatabase)Catalog.Database, SqliteCatalogDatabase.ForReading(Catalog.Database.Place));
        foreach (var name in new[] { "one", "two" })
        {
            await using (var writer = database.Open())
                await writer.Atlases.ExecuteUpdateAsync(atlas => atlas.SetProperty(row => row.Name, name), cancellation);
            await using var reader = reading.Open();
            Assert.Equal(name, (await reader.Atlases.SingleAsync(cancellation)).Name);
        }

        Assert.True(await database.SealAsync(cancellation));
        await using var last = reading.Open();
        Assert.Equal("two", (await last.Atlases.SingleAsync(cancellation)).Name);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("50% #1?")]
    [InlineData("도면")]
    public async Task Any_name_of_a_folder_can_be_read_and_attached(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var path = Path.Combine(Directory.CreateDirectory(folder.File(name)).FullName, "atlas.db");
        await new SqliteCatalogDatabase(path).MigrateAsync(cancellation);

        await using var reader = SqliteCatalogDatabase.ForReading(path).Open();
        Assert.Equal(0, await reader.Atlases.CountAsync(cancellation));
        await using var other = Catalog.Database.Open();
        await other.Database.OpenConnectionAsync(cancellation);
        await other.Database.ExecuteSqlAsync(
            $"ATTACH {SqliteCatalogDatabase.ForReading(path).AddressToAttach()} AS source", cancellation);
        Assert.Equal(0, await other.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM source.atlas").SingleAsync(cancellation));
    }

    private async Task<SqliteCatalogDatabase> SealedAsync()
    {
        await Catalog.Create(SpecSamples.Small());
        var database = (SqliteCatalogDatabase)Catalog.Database;
        Assert.True(await database.SealAsync(TestContext.Current.CancellationToken));
        AssertIsAlone(database.Place);
        return database;
    }

    private static void AssertIsAlone(string file) => Assert.Equal(
        [file], Directory.GetFiles(Path.GetDirectoryName(file)!).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)));
}
