using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>How a catalog's file is opened to read it, which depends on the rights to its folder.</summary>
internal sealed class SqliteReading(string path)
{
    private const int ReadOnly = 8;
    private const int CannotOpen = 14;

    private readonly Way _plain = new(path, "mode=ro");
    private readonly Way _immutable = new(path, "immutable=1");
    private volatile Way? _chosen;

    /// <summary>Returns the address of a file. SQLite takes options only in addresses.</summary>
    public static string AddressOf(string path) => new Uri(path).AbsoluteUri;

    /// <summary>Returns the options of a context.</summary>
    /// <exception cref="CatalogUnusableException">See <see cref="Find"/>.</exception>
    public DbContextOptions<SqliteCatalogContext> FindOptions() => Find().Options;

    /// <summary>Returns the address for ATTACH.</summary>
    /// <exception cref="CatalogUnusableException">See <see cref="Find"/>.</exception>
    public string FindAddress() => Find().Address;

    /// <summary>
    /// Finds the way. SQLite reads a catalog that was not sealed only with two files beside it, the log and its index. Where they can
    /// neither be opened nor made, and there is no log that would be missed, nobody writes either: the file is read as it is.
    /// </summary>
    /// <exception cref="CatalogUnusableException">There is a log, and it cannot be used.</exception>
    private Way Find()
    {
        // A log beside a file that had none: somebody writes to it, with more rights than this process.
        if (_chosen is { } known && (known == _plain || !HasLog()))
            return known;
        try
        {
            _plain.Try();
            return _chosen = _plain;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is ReadOnly or CannotOpen && File.Exists(path))
        {
            if (HasLog())
                throw new CatalogUnusableException(
                    $"The catalog {path} was not closed by the run that wrote it, and this user may not write to its folder, which is "
                    + "needed to read it: run the same `viz run` again, or copy the folder to one that you may write to.",
                    failure);
            return _chosen = _immutable;
        }
    }

    private bool HasLog() => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    private sealed class Way(string path, string parameters)
    {
        public string Address { get; } = $"{AddressOf(path)}?{parameters}";

        // Not pooled: an open connection would keep the run that writes the catalog from sealing it.
        private string Connection => new SqliteConnectionStringBuilder
        {
            DataSource = Address,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString();

        public DbContextOptions<SqliteCatalogContext> Options => field ??= SqliteCatalogDatabase.Options(
            Connection, SqlitePragmas.ForReading);

        public void Try()
        {
            using var connection = new SqliteConnection(Connection);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*) FROM sqlite_master";
            command.ExecuteScalar();
        }
    }
}
