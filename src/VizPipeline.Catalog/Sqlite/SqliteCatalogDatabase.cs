using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog.Views;

namespace VizPipeline.Catalog;

/// <summary>
/// The catalog in one SQLite file. Other processes can read it while it grows. A sealed catalog has no files beside it, so it can be read
/// in a folder that nobody may write to.
/// </summary>
public sealed class SqliteCatalogDatabase : CatalogDatabase
{
    private static readonly CatalogViews Views = new(new SqliteViewSyntax());

    private const int Busy = 5;
    private const int Locked = 6;
    private const int SealTries = 3;
    private static readonly TimeSpan SealPause = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly DbContextOptions<SqliteCatalogContext> _options;
    private readonly SqliteReading? _reading;

    /// <summary>Initializes the database without opening the file.</summary>
    /// <param name="path">
    /// The file. Its folder must exist when the file is opened; <see cref="TryLeadAsync"/> and <see cref="MigrateAsync"/> create it.
    /// </param>
    public SqliteCatalogDatabase(string path)
    {
        this._path = Path.GetFullPath(path);
        _options = Options(Connection);
    }

    private SqliteCatalogDatabase(string path, SqliteReading reading)
        : this(path) => _reading = reading;

    /// <summary>Returns a database that only reads: it changes nothing in the folder, which need not be writable.</summary>
    /// <param name="path">The file. It must exist when it is opened.</param>
    public static SqliteCatalogDatabase ForReading(string path) =>
        new(path, new SqliteReading(Path.GetFullPath(path)));

    /// <inheritdoc/>
    public override string Place => _path;

    /// <inheritdoc/>
    public override NotesDatabase Notes => new SqliteNotes(NotesFile(Path.GetDirectoryName(_path)!));

    /// <summary>Returns the path of the file with the lists and notes in the folder of a catalog.</summary>
    public static string NotesFile(string folder) => Path.Combine(folder, "notes.db");

    /// <summary>Whether the file exists. Check this before opening it only to read, which would create an empty file.</summary>
    public bool Exists => File.Exists(_path);

    /// <summary>Whether a process, this one or another, coordinates the catalog at the moment.</summary>
    public bool IsLed() => FileLeadership.IsHeld(LockFile);

    /// <summary>
    /// Returns the address with which a connection of another SQLite catalog attaches this one to read it.
    /// </summary>
    /// <exception cref="CatalogUnusableException">It cannot be read in this folder.</exception>
    public string AddressToAttach() => (_reading ?? new SqliteReading(_path)).FindAddress();

    private string LockFile => _path + ".lock";

    // As an address, because a connection attaches others by their addresses only if it was opened by one.
    private string Connection =>
        new SqliteConnectionStringBuilder { DataSource = SqliteReading.AddressOf(_path), ForeignKeys = true }.ToString();

    /// <inheritdoc/>
    protected override string HowToMigrate => "run `viz run` on its folder again, which brings it up to date";

    /// <inheritdoc/>
    public override CatalogContext Open() => new SqliteCatalogContext(_reading is null ? _options : _reading.FindOptions());

    /// <summary>
    /// Closes the catalog into one file, which can be opened anywhere: moved, on a read-only file system, or as another user. The next
    /// writer opens it as before. Does nothing while a process coordinates the catalog or reads it for long.
    /// </summary>
    /// <returns>Whether the catalog is one file now.</returns>
    public async Task<bool> SealAsync(CancellationToken cancellation = default)
    {
        try
        {
            if (!Exists || FileLeadership.Try(LockFile) is not { } leadership)
                return false;
            await using var held = leadership;
            for (var tries = 1; !await TrySealAsync(cancellation); tries++)
            {
                if (tries == SealTries)
                    return false;
                await Task.Delay(SealPause, cancellation);
            }
            return true;
        }
        // Nothing is lost: the catalog can be read as before, and the next run seals it.
        catch (Exception failure) when (Explain(failure) is not null)
        {
            return false;
        }
    }

    /// <summary>
    /// Writes a copy of the catalog into a new file, which is compact and sealed. The same catalog gives the same bytes. Others may read
    /// and write the original meanwhile.
    /// </summary>
    /// <param name="file">The file, which must not exist. After a failure it may be incomplete.</param>
    /// <param name="cancellation">Cancels before the copy begins.</param>
    /// <exception cref="CatalogUnusableException">The catalog cannot be read.</exception>
    /// <exception cref="SqliteException">The file cannot be written, for example because the disk is full.</exception>
    public async Task CopyToAsync(string file, CancellationToken cancellation = default)
    {
        var source = new SqliteConnectionStringBuilder
        {
            DataSource = AddressToAttach(),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        };
        await using var connection = new SqliteConnection(source.ToString());
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "VACUUM INTO $file";
        command.Parameters.AddWithValue("$file", Path.GetFullPath(file));
        await command.ExecuteNonQueryAsync(cancellation);
    }

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
            return Task.FromResult<ILeadership?>(FileLeadership.Try(LockFile));
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

    private async Task<bool> TrySealAsync(CancellationToken cancellation)
    {
        await using var connection = new SqliteConnection(Connection + ";Pooling=False");
        try
        {
            await using var pooled = new SqliteConnection(Connection);
            SqliteConnection.ClearPool(pooled);
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            command.CommandTimeout = 1;
            // SQLite refuses the change of mode at once while others read; then at least the log is empty.
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;";
            await command.ExecuteNonQueryAsync(cancellation);
            return true;
        }
        catch (SqliteException failure) when (IsTransientCause(failure))
        {
            return false;
        }
    }

    internal static DbContextOptions<SqliteCatalogContext> Options(string connection, SqlitePragmas? pragmas = null)
        => new DbContextOptionsBuilder<SqliteCatalogContext>()
            .UseSqlite(connection)
            .UseSnakeCaseNamingConvention()
            .AddInterceptors(pragmas ?? SqlitePragmas.ForWriting)
            .Options;
}
