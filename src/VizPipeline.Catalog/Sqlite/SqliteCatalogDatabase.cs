using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>The catalog in one SQLite file. Readers in other processes see it while it grows.</summary>
public sealed class SqliteCatalogDatabase : CatalogDatabase
{
    private readonly string path;
    private readonly DbContextOptions<SqliteCatalogContext> options;

    /// <summary>Names the file; nothing is opened yet.</summary>
    /// <param name="path">The file; its folder must exist when it is opened, and is made by <see cref="Claim"/> and <see cref="MigrateAsync"/>.</param>
    public SqliteCatalogDatabase(string path)
    {
        this.path = Path.GetFullPath(path);
        options = Options(new SqliteConnectionStringBuilder { DataSource = this.path, ForeignKeys = true }.ToString());
    }

    /// <inheritdoc/>
    public override string Place => path;

    /// <summary>Whether the file is there. Look before a mere reader opens it, which would make an empty one.</summary>
    public bool Exists => File.Exists(path);

    /// <inheritdoc/>
    public override CatalogContext Open() => new SqliteCatalogContext(options);

    /// <inheritdoc/>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var isNew = !Exists;
            await using var context = Open();
            // EF marks a migration with a row and waits for ever where it finds one. Whoever holds the claim is alone, so the row is
            // that of a process which was killed.
            if (!isNew)
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock", cancellation);
            await context.Database.MigrateAsync(cancellation);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new CatalogUnusableException(
                $"The catalog {path} cannot be opened: {failure.Message}. "
                + "Is it a VizPipeline catalog, and may this user write to its folder?",
                failure);
        }
    }

    /// <inheritdoc/>
    public override IDisposable Claim()
    {
        var file = path + ".lock";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // The system gives the lock back when the process dies, however it dies; the file itself may stay.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CatalogUnusableException(
                $"Another process works on {path} ({file} is locked): wait for it, or stop it first.", failure);
        }
    }

    internal static DbContextOptions<SqliteCatalogContext> Options(string connection)
        => new DbContextOptionsBuilder<SqliteCatalogContext>()
            .UseSqlite(connection)
            .UseSnakeCaseNamingConvention()
            .AddInterceptors(SqlitePragmas.Instance)
            .Options;
}
