using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>A database that holds the catalog.</summary>
public abstract class CatalogDatabase
{
    /// <summary>Where the catalog is, for messages; no secrets.</summary>
    public abstract string Place { get; }

    /// <summary>Whether workers report to this catalog, as those of a cluster do. Where one process does everything, nobody does.</summary>
    public virtual bool HearsWorkers => false;

    /// <summary>What brings an older database up to date, as the rest of a sentence.</summary>
    protected abstract string HowToMigrate { get; }

    /// <summary>A new context; the caller disposes it.</summary>
    public abstract CatalogContext Open();

    /// <summary>Makes the tables or brings them up to date, once at the start, before anything else writes.</summary>
    /// <exception cref="CatalogUnusableException">The database cannot be opened, is not a catalog, or is a newer one.</exception>
    public abstract Task MigrateAsync(CancellationToken cancellation = default);

    /// <summary>Tries to make this process the one that coordinates the catalog.</summary>
    /// <returns>The leadership until it is disposed or lost; null when another process has it.</returns>
    /// <exception cref="CatalogUnusableException">The database cannot be opened.</exception>
    public abstract Task<ILeadership?> TryLeadAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Makes this transaction wait for all others that called it, whichever process they are of, and these for it. Call it first thing
    /// inside the transaction; what is read afterwards does not change until the commit, as far as others keep to this.
    /// </summary>
    public abstract Task SerializeAsync(CatalogContext context, CancellationToken cancellation = default);

    /// <summary>Lets the database count the rows of its tables anew, so that its plans fit an atlas that has just been planned.</summary>
    public virtual Task AnalyzeAsync(CancellationToken cancellation = default) => Task.CompletedTask;

    /// <summary>
    /// Whether waiting and trying again may help: the server restarts, the network is down, the database is busy, its tables are not
    /// there yet.
    /// </summary>
    /// <param name="failure">Anything that work with the catalog threw, <see cref="CatalogUnusableException"/> included.</param>
    public bool IsTransient(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is CatalogUnusableException { IsBehind: true } || IsTransientCause(cause))
                return true;
        }
        return false;
    }

    /// <summary>Checks that a mere reader of this version understands the tables.</summary>
    /// <exception cref="CatalogUnusableException">
    /// The database cannot be opened, lacks a migration, or has one that this version does not know.
    /// </exception>
    public async Task CheckSchemaAsync(CancellationToken cancellation = default)
    {
        try
        {
            await using var context = Open();
            await ReachAsync(context, cancellation);
            var applied = await AppliedAsync(context, cancellation);
            if (context.Database.GetMigrations().Except(applied).FirstOrDefault() is { } missing)
                throw new CatalogUnusableException($"The catalog {Place} lacks migration {missing}: {HowToMigrate}.") { IsBehind = true };
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>The migrations in the database, all of them known to this version.</summary>
    /// <exception cref="CatalogUnusableException">A newer version has been here.</exception>
    protected async Task<IReadOnlyList<string>> AppliedAsync(CatalogContext context, CancellationToken cancellation)
    {
        var applied = (await context.Database.GetAppliedMigrationsAsync(cancellation)).ToList();
        return applied.Except(context.Database.GetMigrations()).FirstOrDefault() is { } newer
            ? throw new CatalogUnusableException(
                $"The catalog {Place} has migration {newer}, which this version does not know: a newer version has brought it up to date; use that.")
            : applied;
    }

    /// <summary>Fails where there is no database; EF would take it for one without migrations.</summary>
    protected abstract Task ReachAsync(CatalogContext context, CancellationToken cancellation);

    /// <summary>Whether this one exception, its causes aside, may be healed by waiting.</summary>
    protected abstract bool IsTransientCause(Exception cause);

    /// <summary>What a failure to open the database means; null when it is something else.</summary>
    protected abstract CatalogUnusableException? Explain(Exception failure);
}

/// <summary>This process's right to coordinate a catalog. Disposing gives it back.</summary>
public interface ILeadership : IAsyncDisposable
{
    /// <summary>Whether this process still has it. Where not, it must stop writing; another process may have begun.</summary>
    Task<bool> IsHeldAsync(CancellationToken cancellation = default);
}

/// <summary>The catalog cannot be used; the message names it and what to do.</summary>
public sealed class CatalogUnusableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether it lacks a migration: someone else may be adding it just now, so that waiting may help.</summary>
    public bool IsBehind { get; init; }
}
