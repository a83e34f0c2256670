using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog.Views;

namespace VizPipeline.Catalog;

/// <summary>The catalog in one SQLite file. Other processes can read it while it grows.</summary>
public sealed class SqliteCatalogDatabase : CatalogDatabase
{
    private static readonly CatalogViews Views = new(new SqliteViewSyntax());

    private const int Busy = 5;
    private const int Locked = 6;

    private readonly string _path;
    private readonly DbContextOptions<SqliteCatalogContext> _options;

    /// <summary>Initializes the database without opening the file.</summary>
    /// <param name="path">
    /// The file. Its folder must exist when the file is opened; <see cref="TryLeadAsync"/> and <see cref="MigrateAsync"/> create it.
    /// </param>
    public SqliteCatalogDatabase(string path)
    {
        this._path = Path.GetFullPath(path);
        _options = Options(new SqliteConnectionStringBuilder { DataSource = this._path, ForeignKeys = true }.ToString());
    }

    /// <inheritdoc/>
    public override string Place => _path;

    /// <summary>Whether the file exists. Check this before opening it only to read, which would create an empty file.</summary>
    public bool Exists => File.Exists(_path);

    /// <inheritdoc/>
    protected override string HowToMigrate => "run `viz run` on its folder again, which brings it up to date";

    /// <inheritdoc/>
    public override CatalogContext Open() => new SqliteCatalogContext(_options);

    /// <inheritdoc/>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            var isNew = !Exists;
            await using var context = Open();
            // EF marks a running migration with a row, and waits forever if it finds one. The leader is the only migrator, so an existing
            // row was left by a killed process.
            if (!isNew)
            {
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock", cancellation);
                if (await FindChangeAsync(context, Views, cancellation) is null)
                    return;
            }
            await context.Database.MigrateAsync(cancellation);
            await Views.ReplaceAsync(context, cancellation);
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
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            return Task.FromResult<ILeadership?>(FileLeadership.Try(_path + ".lock"));
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing to do: transactions that may write start with BEGIN IMMEDIATE, so only one runs at a time.</remarks>
    public override Task SerializeAsync(CatalogContext context, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override Task ReachAsync(CatalogContext context, CancellationToken cancellation)
        => Exists ? Task.CompletedTask : throw new CatalogUnusableException($"There is no catalog {_path}.");

    /// <inheritdoc/>
    protected override bool IsTransientCause(Exception cause) => cause is SqliteException { SqliteErrorCode: Busy or Locked };

    /// <inheritdoc/>
    protected override CatalogUnusableException? Explain(Exception failure)
        => failure is SqliteException or IOException or UnauthorizedAccessException
            ? new CatalogUnusableException(
                $"The catalog {_path} cannot be opened: {failure.Message.TrimEnd('.')}. "
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
