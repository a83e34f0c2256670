using Microsoft.EntityFrameworkCore.Storage;
using VizPipeline.Catalog;

namespace VizPipeline.Coordinator;

/// <summary>Transactions of coordinators.</summary>
internal static class SerializedTransactions
{
    /// <summary>Begins a transaction that sees the last change of its predecessor.</summary>
    /// <remarks>
    /// Several coordinators may write. If the last two jobs of a group completed at the same time, each transaction would otherwise see
    /// the other job as open, and the next group would never be released.
    /// </remarks>
    public static async Task<IDbContextTransaction> BeginSerializedAsync(
        this CatalogDatabase database, CatalogContext catalog, CancellationToken cancellation)
    {
        var transaction = await catalog.Database.BeginTransactionAsync(cancellation);
        await database.SerializeAsync(catalog, cancellation);
        return transaction;
    }
}
