using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>Reads and changes lists of neurons. Who may change a list is the caller's business.</summary>
/// <param name="database">Where they are kept.</param>
/// <param name="time">The clock.</param>
public sealed class NeuronLists(NotesDatabase database, TimeProvider time)
{
    private const int IdBytes = 16;
    private const int KeyBytes = 24;
    private const int Tries = 3;

    /// <summary>Returns whether a text has the form of an id.</summary>
    public static bool IsId(string id) => id is { Length: 2 * IdBytes } && id.All(char.IsAsciiHexDigitLower);

    /// <summary>Makes an empty list.</summary>
    /// <returns>The list, and the key that allows changing it, which is told only now.</returns>
    /// <exception cref="NoteRefusedException">The title is too long or empty, or there are too many lists.</exception>
    /// <exception cref="CatalogUnusableException">Nothing can be kept here.</exception>
    public Task<(NeuronList List, string Key)> CreateAsync(string atlas, string title, CancellationToken cancellation = default)
    {
        CheckTitle(title);
        return WriteAsync(atlas, async context =>
        {
            var name = database.NameOf(atlas);
            if (await context.Set<NeuronList>().CountAsync(list => list.Atlas == name, cancellation) >= NotesDatabase.MostLists)
                throw new NoteRefusedException($"this atlas has {NotesDatabase.MostLists} lists already; delete one that is not needed");
            var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));
            var list = new NeuronList
            {
                Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)),
                Atlas = name,
                Title = title.Trim(),
                KeyHash = NeuronList.HashKey(key),
                CreatedAt = Now(),
                ChangedAt = Now(),
            };
            context.Add(list);
            await context.SaveChangesAsync(cancellation);
            return (list, key);
        }, cancellation);
    }

    /// <summary>Finds a list with its neurons; returns null if the atlas has no list with that id.</summary>
    /// <exception cref="CatalogUnusableException">The lists cannot be read.</exception>
    public async Task<NeuronList?> FindAsync(string atlas, string id, CancellationToken cancellation = default) =>
        IsId(id) && await ReadAsync(atlas, lists => lists.Where(list => list.Id == id), cancellation) is [var found] ? found : null;

    /// <summary>Returns all lists of an atlas with their neurons, the oldest first.</summary>
    /// <exception cref="CatalogUnusableException">The lists cannot be read.</exception>
    public Task<IReadOnlyList<NeuronList>> ReadAllAsync(string atlas, CancellationToken cancellation = default) =>
        ReadAsync(atlas, lists => lists, cancellation);

    /// <summary>Gives a list another title; returns false if there is no such list.</summary>
    /// <exception cref="NoteRefusedException">The title is too long or empty.</exception>
    /// <exception cref="CatalogUnusableException">Nothing can be kept here.</exception>
    public Task<bool> RenameAsync(string atlas, string id, string title, CancellationToken cancellation = default)
    {
        CheckTitle(title);
        return WriteAsync(atlas, id, list =>
        {
            list.Title = title.Trim();
            return Task.CompletedTask;
        }, cancellation);
    }

    /// <summary>Deletes a list with its notes; returns false if there is no such list.</summary>
    /// <exception cref="CatalogUnusableException">Nothing can be kept here.</exception>
    public Task<bool> DeleteAsync(string atlas, string id, CancellationToken cancellation = default) =>
        WriteAsync(atlas, id, (context, list) =>
        {
            context.Remove(list);
            return Task.CompletedTask;
        }, cancellation);

    /// <summary>Adds a neuron to a list, or changes its note. Returns false if there is no such list.</summary>
    /// <param name="atlas">The id of the atlas.</param>
    /// <param name="id">The id of the list.</param>
    /// <param name="layer">The name of the layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="note">The note; null keeps the present one.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="NoteRefusedException">The note is too long, or the list is full.</exception>
    /// <exception cref="CatalogUnusableException">Nothing can be kept here.</exception>
    public Task<bool> PutAsync(
        string atlas, string id, string layer, int channel, string? note, CancellationToken cancellation = default)
    {
        if (note?.Length > NotesDatabase.LongestNote)
            throw new NoteRefusedException($"a note has at most {NotesDatabase.LongestNote} characters, this one has {note.Length}");
        return WriteAsync(atlas, id, async (context, _) =>
        {
            var neurons = context.Set<ListedNeuron>();
            if (await neurons.AsTracking().FirstOrDefaultAsync(
                known => known.ListId == id && known.Layer == layer && known.Channel == channel, cancellation) is { } present)
            {
                present.Note = note ?? present.Note;
                return;
            }
            if (await neurons.CountAsync(known => known.ListId == id, cancellation) >= NotesDatabase.MostNeurons)
                throw new NoteRefusedException($"a list has at most {NotesDatabase.MostNeurons} neurons; begin another one");
            context.Add(new ListedNeuron { ListId = id, Layer = layer, Channel = channel, Note = note ?? "", AddedAt = Now() });
        }, cancellation);
    }

    /// <summary>Takes a neuron out of a list, with its note. Returns false if there is no such list.</summary>
    /// <exception cref="CatalogUnusableException">Nothing can be kept here.</exception>
    public Task<bool> RemoveAsync(string atlas, string id, string layer, int channel, CancellationToken cancellation = default) =>
        WriteAsync(atlas, id, async (context, _) => context.RemoveRange(
            await context.Set<ListedNeuron>().AsTracking()
                .Where(known => known.ListId == id && known.Layer == layer && known.Channel == channel).ToListAsync(cancellation)),
            cancellation);

    private async Task<IReadOnlyList<NeuronList>> ReadAsync(
        string atlas, Func<IQueryable<NeuronList>, IQueryable<NeuronList>> choose, CancellationToken cancellation)
    {
        try
        {
            await using var context = await database.TryOpenAsync(atlas, cancellation);
            if (context is null)
                return [];
            var name = database.NameOf(atlas);
            var lists = await choose(context.Set<NeuronList>().AsNoTracking().Where(list => list.Atlas == name))
                .OrderBy(list => list.CreatedAt).ThenBy(list => list.Id).ToListAsync(cancellation);
            var ids = lists.Select(list => list.Id).ToList();
            var neurons = (await context.Set<ListedNeuron>().AsNoTracking().Where(neuron => ids.Contains(neuron.ListId))
                .OrderBy(neuron => neuron.AddedAt).ThenBy(neuron => neuron.Layer).ThenBy(neuron => neuron.Channel)
                .ToListAsync(cancellation)).ToLookup(neuron => neuron.ListId);
            foreach (var list in lists)
                list.Neurons = [.. neurons[list.Id]];
            return lists;
        }
        catch (Exception failure) when (database.Explain(atlas, failure) is { } explained)
        {
            throw explained;
        }
    }

    private Task<bool> WriteAsync(string atlas, string id, Func<NeuronList, Task> change, CancellationToken cancellation) =>
        WriteAsync(atlas, id, (_, list) => change(list), cancellation);

    private async Task<bool> WriteAsync(
        string atlas, string id, Func<DbContext, NeuronList, Task> change, CancellationToken cancellation) =>
        IsId(id) && await WriteAsync(atlas, async context =>
        {
            var name = database.NameOf(atlas);
            if (await context.Set<NeuronList>().AsTracking()
                .FirstOrDefaultAsync(known => known.Id == id && known.Atlas == name, cancellation) is not { } list)
                return false;
            list.ChangedAt = Now();
            await change(context, list);
            await context.SaveChangesAsync(cancellation);
            return true;
        }, cancellation);

    private async Task<T> WriteAsync<T>(string atlas, Func<DbContext, Task<T>> change, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var context = await database.OpenAsync(atlas, cancellation);
                return await change(context);
            }
            catch (DbUpdateException) when (tries < Tries)
            {
                // Two windows have added the same neuron, or one has deleted the list: what is there now decides.
            }
            catch (Exception failure) when (database.Explain(atlas, failure) is { } explained)
            {
                throw explained;
            }
        }
    }

    private static void CheckTitle(string title)
    {
        if (string.IsNullOrWhiteSpace(title))
            throw new NoteRefusedException("a list needs a title");
        if (title.Length > NotesDatabase.LongestTitle)
            throw new NoteRefusedException(
                $"a title has at most {NotesDatabase.LongestTitle} characters, this one has {title.Length}");
    }

    // To the millisecond, as all databases keep it.
    private DateTime Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()).UtcDateTime;
}
