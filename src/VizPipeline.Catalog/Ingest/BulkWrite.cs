namespace VizPipeline.Catalog;

/// <summary>Writes many rows of one table, in the way that is quick on the database at hand. EF's own SaveChanges would track every row.</summary>
/// <remarks>
/// Measured by BulkWriteTests on two cores, release build: an atlas of 26,560 neurons and 239,040 patches is ingested in 4 s on SQLite and
/// in 8 s on PostgreSQL. Finding them takes hours.
/// </remarks>
internal static class BulkWrite
{
    /// <summary>Inserts the rows that are new and updates those that are there.</summary>
    /// <param name="context">The catalog, inside a transaction.</param>
    /// <param name="rows">The rows, none twice.</param>
    /// <param name="keep">Names of properties that an existing row keeps.</param>
    /// <param name="cancellation">Stops early; the transaction is then to be rolled back.</param>
    public static Task UpsertAsync<T>(
        this CatalogContext context, IEnumerable<T> rows, IReadOnlyCollection<string> keep, CancellationToken cancellation)
        where T : class
        => context.WriteAsync(BulkTable.For<T>(context, keep), rows, cancellation);

    /// <summary>Inserts rows that are all new.</summary>
    /// <param name="context">The catalog, inside a transaction.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellation">Stops early; the transaction is then to be rolled back.</param>
    public static Task InsertAsync<T>(this CatalogContext context, IEnumerable<T> rows, CancellationToken cancellation)
        where T : class
        => context.WriteAsync(BulkTable.For<T>(context, keep: null), rows, cancellation);
}
