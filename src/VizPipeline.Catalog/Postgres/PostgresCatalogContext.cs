using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Npgsql;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>The catalog in PostgreSQL.</summary>
public sealed class PostgresCatalogContext(DbContextOptions<PostgresCatalogContext> options) : CatalogContext(options)
{
    internal override Task WriteAsync<T>(BulkTable table, IEnumerable<T> rows, CancellationToken cancellation)
        => PostgresBulk.WriteAsync(this, table, rows, cancellation);

    // Job states change faster than the statistics. If those say that a handful of jobs are pending when it is a million, the planner reads
    // and sorts them all: 1.2 s instead of 5 ms for the next 100.
    internal override Task FollowIndexesAsync(CancellationToken cancellation)
        => Database.ExecuteSqlRawAsync("SET LOCAL enable_bitmapscan = off", cancellation);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        NotesModel.Configure(modelBuilder);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        // Text sorts by bytes, as in SQLite, whatever the locale of the database, so that exports and pages are the same.
        const string Bytes = "C";
        configurationBuilder.Properties<string>().UseCollation(Bytes);
        configurationBuilder.Properties<AtlasState>().UseCollation(Bytes);
        configurationBuilder.Properties<JobState>().UseCollation(Bytes);
        configurationBuilder.Properties<JobKind>().UseCollation(Bytes);
        configurationBuilder.Properties<WorkerState>().UseCollation(Bytes);
    }
}

/// <summary>Lets dotnet-ef create migrations without a server.</summary>
internal sealed class PostgresCatalogContextFactory : IDesignTimeDbContextFactory<PostgresCatalogContext>
{
    public PostgresCatalogContext CreateDbContext(string[] args)
        => new(PostgresCatalogDatabase.Options(NpgsqlDataSource.Create("Host=design-time")));
}
