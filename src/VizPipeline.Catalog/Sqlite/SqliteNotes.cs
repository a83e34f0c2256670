using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>Lists and notes in a SQLite file of their own beside the catalog of one atlas, which stays as it is.</summary>
internal sealed class SqliteNotes(string path) : NotesDatabase
{
    private const int Version = 1;

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS neuron_list (
            id TEXT NOT NULL PRIMARY KEY, atlas TEXT NULL, title TEXT NOT NULL, key_hash TEXT NOT NULL,
            created_at TEXT NOT NULL, changed_at TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS listed_neuron (
            list_id TEXT NOT NULL REFERENCES neuron_list (id) ON DELETE CASCADE, layer TEXT NOT NULL, channel INTEGER NOT NULL,
            note TEXT NOT NULL, added_at TEXT NOT NULL, PRIMARY KEY (list_id, layer, channel));
        PRAGMA user_version = 1;
        """;

    public override async Task<DbContext?> TryOpenAsync(string atlas, CancellationToken cancellation)
    {
        // An empty file is one whose maker was killed.
        if (new FileInfo(path) is not { Exists: true, Length: > 0 })
            return null;
        var context = Open(SqliteOpenMode.ReadOnly);
        try
        {
            if (await ReadVersionAsync(context, cancellation) > 0)
                return context;
        }
        catch
        {
            await context.DisposeAsync();
            throw;
        }
        await context.DisposeAsync();
        return null;
    }

    public override async Task<DbContext> OpenAsync(string atlas, CancellationToken cancellation)
    {
        var context = Open(SqliteOpenMode.ReadWriteCreate);
        try
        {
            if (await ReadVersionAsync(context, cancellation) == 0)
                await context.Database.ExecuteSqlRawAsync(Tables, cancellation);
            return context;
        }
        catch
        {
            await context.DisposeAsync();
            throw;
        }
    }

    // The file is of one atlas, whatever its id, which `viz rename` changes.
    public override string? NameOf(string atlas) => null;

    public override CatalogUnusableException? Explain(string atlas, Exception failure)
    {
        var cause = failure is DbUpdateException { InnerException: { } inner } ? inner : failure;
        return cause is SqliteException or IOException or UnauthorizedAccessException
            ? new CatalogUnusableException(
                $"Lists and notes cannot be kept in {path}: {cause.Message.TrimEnd('.')}. May this user write to the folder?", failure)
            : null;
    }

    private NotesContext Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            ForeignKeys = true,
            // An open connection would keep the folder from being moved or deleted.
            Pooling = false,
        };
        return new NotesContext(new DbContextOptionsBuilder<NotesContext>().UseSqlite(connection.ToString())
            .UseSnakeCaseNamingConvention().AddInterceptors(SqlitePragmas.ForReading).Options);
    }

    private async Task<long> ReadVersionAsync(NotesContext context, CancellationToken cancellation)
    {
        var version = (await context.Database.SqlQuery<long>($"SELECT user_version AS Value FROM pragma_user_version")
            .ToListAsync(cancellation))[0];
        return version <= Version ? version : throw new CatalogUnusableException(
            $"Lists and notes in {path} are of version {version}, which this version does not know: a newer version wrote them; use that.");
    }
}

/// <summary>The tables of lists and notes in a file of their own.</summary>
internal sealed class NotesContext(DbContextOptions<NotesContext> options) : DbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTime>().HaveConversion<SqliteCatalogContext.Utc>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => NotesModel.Configure(modelBuilder);
}
