using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>The catalog in one SQLite file. Readers in other processes see it while it grows.</summary>
public sealed class SqliteCatalogDatabase : CatalogDatabase
{
    private const int Busy = 5;
    private const int Locked = 6;

    private readonly string path;
    private readonly DbContextOptions<SqliteCatalogContext> options;

    /// <summary>Names the file; nothing is opened yet.</summary>
    /// <param name="path">The file; its folder must exist when it is opened, and is made by <see cref="TryLeadAsync"/> and <see cref="MigrateAsync"/>.</param>
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
    protected override string HowToMigrate => "run `viz run` on its folder again, which brings it up to date";

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
            // EF marks a migration with a row and waits for ever where it finds one. Whoever leads is alone, so the row is that of a
            // process which was killed.
            if (!isNew)
            {
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock", cancellation);
                await AppliedAsync(context, cancellation);
            }
            await context.Database.MigrateAsync(cancellation);
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public override Task<ILeadership?> TryLeadAsync(CancellationToken cancellation = default)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return Task.FromResult<ILeadership?>(FileLeadership.Try(path + ".lock"));
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing to do: transactions that may write begin with BEGIN IMMEDIATE here, so there is only ever one.</remarks>
    public override Task SerializeAsync(CatalogContext context, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override Task ReachAsync(CatalogContext context, CancellationToken cancellation)
        => Exists ? Task.CompletedTask : throw new CatalogUnusableException($"There is no catalog {path}.");

    /// <inheritdoc/>
    protected override bool IsTransientCause(Exception cause) => cause is SqliteException { SqliteErrorCode: Busy or Locked };

    /// <inheritdoc/>
    protected override CatalogUnusableException? Explain(Exception failure)
        => failure is SqliteException or IOException or UnauthorizedAccessException
            ? new CatalogUnusableException(
                $"The catalog {path} cannot be opened: {failure.Message.TrimEnd('.')}. "
                + "Is it a VizPipeline catalog, and may this user write to its folder?",
                failure)
            : null;

    internal static DbContextOptions<SqliteCatalogContext> Options(string connection)
        => new DbContextOptionsBuilder<SqliteCatalogContext>()
            .UseSqlite(connection)
            .UseSnakeCaseNamingConvention()
            .AddInterceptors(SqlitePragmas.Instance)
            .Options;
}
