using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>Lists and notes in tables beside those of the catalog, in which the atlas service may write.</summary>
internal sealed class PostgresNotes(PostgresCatalogDatabase database, PostgresFailures failures) : NotesDatabase
{
    public override Task<DbContext?> TryOpenAsync(string atlas, CancellationToken cancellation) =>
        Task.FromResult<DbContext?>(database.Open());

    public override Task<DbContext> OpenAsync(string atlas, CancellationToken cancellation) =>
        Task.FromResult<DbContext>(database.Open());

    public override string NameOf(string atlas) => atlas;

    public override CatalogUnusableException? Explain(string atlas, Exception failure) => failures.Explain(failure);
}
