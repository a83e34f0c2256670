using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>Where lists and notes about atlases are kept. A finished atlas is written no more, so they are no part of it.</summary>
public abstract class NotesDatabase
{
    /// <summary>The longest title, in characters.</summary>
    public const int LongestTitle = 200;

    /// <summary>The longest note, in characters.</summary>
    public const int LongestNote = 2000;

    /// <summary>The largest number of neurons in a list.</summary>
    public const int MostNeurons = 500;

    /// <summary>The largest number of lists of an atlas.</summary>
    public const int MostLists = 2000;

    /// <summary>Opens the tables for reading; returns null if nothing has been kept yet.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    /// <param name="cancellation">Cancels.</param>
    public abstract Task<DbContext?> TryOpenAsync(string atlas, CancellationToken cancellation);

    /// <summary>Opens the tables for writing, and makes them if they do not exist.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    /// <param name="cancellation">Cancels.</param>
    public abstract Task<DbContext> OpenAsync(string atlas, CancellationToken cancellation);

    /// <summary>Returns what the rows of an atlas's lists say about it.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    public abstract string? NameOf(string atlas);

    /// <summary>Explains why the tables cannot be used; null for any other failure.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    /// <param name="failure">What happened.</param>
    public abstract CatalogUnusableException? Explain(string atlas, Exception failure);
}

/// <summary>A list cannot be changed as somebody wishes; the message says why, in words for that person.</summary>
public sealed class NoteRefusedException(string message) : Exception(message);
