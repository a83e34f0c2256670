using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace VizPipeline.Catalog;

/// <summary>The catalog in SQLite.</summary>
public sealed class SqliteCatalogContext(DbContextOptions<SqliteCatalogContext> options) : CatalogContext(options)
{
    internal override Task WriteAsync<T>(BulkTable table, IEnumerable<T> rows, CancellationToken cancellation)
        => SqliteBulk.WriteAsync(this, table, rows, cancellation);

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTime>().HaveConversion<Utc>();
    }

    // SQLite stores times as text without a time zone; they are in UTC.
    internal sealed class Utc() : ValueConverter<DateTime, DateTime>(
        time => time.ToUniversalTime(), time => DateTime.SpecifyKind(time, DateTimeKind.Utc));
}

/// <summary>Lets dotnet-ef create migrations without a running service.</summary>
internal sealed class SqliteCatalogContextFactory : IDesignTimeDbContextFactory<SqliteCatalogContext>
{
    public SqliteCatalogContext CreateDbContext(string[] args) => new(SqliteCatalogDatabase.Options("Data Source=design-time.db"));
}
