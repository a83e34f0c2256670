using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Knows whether any process works on an atlas that has not ended. The catalog alone cannot tell: a process may have died.
/// </summary>
public interface IAtlasActivity
{
    /// <summary>Returns how to go on with an atlas that nobody works on, as sentences; null if a process works on it.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="atlas">The id of an atlas whose state is <see cref="AtlasState.Running"/>.</param>
    /// <param name="cancellation">Cancels the question.</param>
    Task<string?> ExplainStopAsync(CatalogContext catalog, string atlas, CancellationToken cancellation);
}

/// <summary>The activity on a cluster, where workers report to the catalog.</summary>
internal sealed class WorkerActivity(CatalogDatabase database, TimeProvider time) : IAtlasActivity
{
    public async Task<string?> ExplainStopAsync(CatalogContext catalog, string atlas, CancellationToken cancellation) =>
        !database.HearsWorkers || (await catalog.ServedKindsAsync(time.GetUtcNow().UtcDateTime, cancellation)).Count > 0
        ? null : "No worker is running. The jobs go on when one is started.";
}
