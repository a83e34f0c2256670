using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog.Views;

namespace VizPipeline.Catalog;

/// <summary>A database that holds the catalog.</summary>
public abstract class CatalogDatabase
{
    /// <summary>Location of the catalog for messages, without secrets.</summary>
    public abstract string Place { get; }

    /// <summary>
    /// Whether workers report to this catalog. They do on a cluster; a single process that does everything needs no reports.
    /// </summary>
    public virtual bool HearsWorkers => false;

    /// <summary>Where the lists and notes about the atlases of this catalog are kept.</summary>
    public abstract NotesDatabase Notes { get; }

    /// <summary>How to migrate an older database, worded as the end of a sentence.</summary>
    protected abstract string HowToMigrate { get; }

    /// <summary>Creates a context, which the caller disposes.</summary>
    public abstract CatalogContext Open();

    /// <summary>Creates the tables or migrates them, once at startup, before anything else writes.</summary>
    /// <exception cref="CatalogUnusableException">
    /// The database cannot be opened, is not a catalog, or was written by a newer version.
    /// </exception>
    public abstract Task MigrateAsync(CancellationToken cancellation = default);

    /// <summary>Tries to make this process the coordinator of the catalog.</summary>
    /// <returns>The leadership, valid until it is disposed or lost; null when another process leads.</returns>
    /// <exception cref="CatalogUnusableException">The database cannot be opened.</exception>
    public abstract Task<ILeadership?> TryLeadAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Serializes this transaction with all others that call this method, in any process. Call it first in the transaction: what is read
    /// afterwards does not change until the commit, provided that all writers call it.
    /// </summary>
    public abstract Task SerializeAsync(CatalogContext context, CancellationToken cancellation = default);

    /// <summary>Updates the table statistics, so that query plans suit an atlas that has just been planned.</summary>
    public virtual Task AnalyzeAsync(CancellationToken cancellation = default) => Task.CompletedTask;

    /// <summary>
    /// Returns whether a retry may succeed: the server is restarting, the network is down, the database is busy, or its tables do not exist
    /// yet.
    /// </summary>
    /// <param name="failure">Any exception from work with the catalog, <see cref="CatalogUnusableException"/> included.</param>
    public bool IsTransient(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is CatalogUnusableException { IsBehind: true } || IsTransientCause(cause))
                return true;
        }
        return false;
    }

    /// <summary>Checks that this version can read the tables.</summary>
    /// <exception cref="CatalogUnusableException">
    /// The database cannot be opened, lacks a migration, or has one that this version does not know.
    /// </exception>
    public async Task CheckSchemaAsync(CancellationToken cancellation = default)
    {
        try
        {
            await using var context = Open();
            await ReachAsync(context, cancellation);
            if (await FindMissingAsync(context, cancellation) is { } missing)
                throw new CatalogUnusableException($"The catalog {Place} lacks migration {missing}: {HowToMigrate}.") { IsBehind = true };
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>Returns what a migration would do, in words; null where tables and views are up to date.</summary>
    private protected async Task<string?> FindChangeAsync(CatalogContext context, CatalogViews views, CancellationToken cancellation) =>
        await FindMissingAsync(context, cancellation) is { } missing ? $"migration {missing}"
            : await views.AreCurrentAsync(context, cancellation) ? null : "the current views";

    /// <summary>Fails when the database does not exist; EF would treat it as one without migrations.</summary>
    protected abstract Task ReachAsync(CatalogContext context, CancellationToken cancellation);

    /// <summary>Returns whether this exception itself, regardless of its causes, may go away with time.</summary>
    protected abstract bool IsTransientCause(Exception cause);

    /// <summary>Explains a failure to open the database; null for any other failure.</summary>
    protected abstract CatalogUnusableException? Explain(Exception failure);

    // The first migration that the database lacks; null if it has all. Fails if it has one that this version does not know.
    private async Task<string?> FindMissingAsync(CatalogContext context, CancellationToken cancellation)
    {
        var (known, applied) = (
            context.Database.GetMigrations().ToList(), (await context.Database.GetAppliedMigrationsAsync(cancellation)).ToList());
        return applied.Except(known).FirstOrDefault() is { } newer
            ? throw new CatalogUnusableException(
                $"The catalog {Place} has migration {newer}, which this version does not know: "
                + "a newer version has brought it up to date; use that.")
            : known.Except(applied).FirstOrDefault();
    }
}

/// <summary>The right of this process to coordinate a catalog. Disposing it releases the right.</summary>
public interface ILeadership : IAsyncDisposable
{
    /// <summary>Returns whether this process still leads. If not, it must stop writing: another process may already lead.</summary>
    Task<bool> IsHeldAsync(CancellationToken cancellation = default);
}

/// <summary>The catalog cannot be used; the message names the catalog and the remedy.</summary>
public sealed class CatalogUnusableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether a migration is missing. Another process may be applying it, so waiting may help.</summary>
    public bool IsBehind { get; init; }
}
