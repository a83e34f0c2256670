using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Embedded;

/// <summary>Lists and notes of the atlases of several folders, each kept in its own folder.</summary>
/// <param name="atlases">The atlases by their ids on this server.</param>
internal sealed class JoinedNotes(IReadOnlyDictionary<string, StoredAtlas> atlases) : NotesDatabase
{
    public override async Task<DbContext?> TryOpenAsync(string atlas, CancellationToken cancellation) =>
        Find(atlas) is { } notes ? await notes.TryOpenAsync(atlas, cancellation) : null;

    public override Task<DbContext> OpenAsync(string atlas, CancellationToken cancellation) =>
        Find(atlas)?.OpenAsync(atlas, cancellation) ?? throw new CatalogUnusableException($"There is no atlas '{atlas}' here.");

    public override string? NameOf(string atlas) => Find(atlas)?.NameOf(atlas);

    public override CatalogUnusableException? Explain(string atlas, Exception failure) => Find(atlas)?.Explain(atlas, failure);

    private NotesDatabase? Find(string atlas) => atlases.GetValueOrDefault(atlas)?.Database.Notes;
}
