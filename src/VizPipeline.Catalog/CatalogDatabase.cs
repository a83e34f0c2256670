namespace VizPipeline.Catalog;

/// <summary>A database that holds the catalog.</summary>
public abstract class CatalogDatabase
{
    /// <summary>Where the catalog is, for messages; no secrets.</summary>
    public abstract string Place { get; }

    /// <summary>A new context; the caller disposes it.</summary>
    public abstract CatalogContext Open();

    /// <summary>Makes the tables or brings them up to date. Call once, under <see cref="Claim"/>, before anything else writes.</summary>
    /// <exception cref="CatalogUnusableException">The database cannot be opened or is not a catalog.</exception>
    public abstract Task MigrateAsync(CancellationToken cancellation = default);

    /// <summary>Makes this process the catalog's coordinator until the result is disposed.</summary>
    /// <exception cref="CatalogUnusableException">Another process is it already.</exception>
    public abstract IDisposable Claim();
}

/// <summary>The catalog cannot be used; the message names it and what to do.</summary>
public sealed class CatalogUnusableException(string message, Exception? inner = null) : Exception(message, inner);
