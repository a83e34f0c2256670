using System.Text.Json;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Query;

/// <summary>A neuron in a list.</summary>
internal sealed record NoteRow(string List, string Title, string Layer, int Channel, string Note, string? AddedAt);

/// <summary>The lists of neurons of an atlas and their notes: in its folder, or on an atlas server.</summary>
internal abstract class NotesSource : IDisposable
{
    /// <summary>The environment variable with the key of a list, which changes on a server need.</summary>
    public const string KeyVariable = "VIZ_LIST_KEY";

    /// <summary>Opens a folder, or an address such as <c>http://HOST:8082/atlases/ID</c>.</summary>
    /// <exception cref="UsageException">There is no atlas there.</exception>
    public static async Task<NotesSource> OpenAsync(string atlas, CancellationToken cancellation) =>
        ServedAtlas.TryParse(atlas) is { } served
            ? new ServerNotes(served) : new FolderNotes(await StoredAtlas.OpenAsync(atlas, cancellation));

    /// <summary>Reads one list, or all.</summary>
    /// <exception cref="UsageException">There is no such list, or all are shown to others only.</exception>
    public abstract Task<IReadOnlyList<NoteRow>> ReadAsync(string? list, CancellationToken cancellation);

    /// <summary>Makes a list and returns its id and its key.</summary>
    public abstract Task<(string Id, string Key)> MakeAsync(string title, CancellationToken cancellation);

    /// <summary>Adds a neuron to a list, or changes its note; without a note the present one stays.</summary>
    /// <exception cref="UsageException">There is no such list or neuron, or the key is another one.</exception>
    public abstract Task PutAsync(string list, string layer, int channel, string? note, CancellationToken cancellation);

    /// <summary>Takes a neuron out of a list.</summary>
    /// <exception cref="UsageException">There is no such list, or the key is another one.</exception>
    public abstract Task RemoveAsync(string list, string layer, int channel, CancellationToken cancellation);

    /// <inheritdoc/>
    public abstract void Dispose();

    // Whoever may write to the folder needs no key.
    private sealed class FolderNotes(StoredAtlas atlas) : NotesSource
    {
        private readonly NeuronLists _lists = new(atlas.Database.Notes, TimeProvider.System);

        public override async Task<IReadOnlyList<NoteRow>> ReadAsync(string? list, CancellationToken cancellation)
        {
            IReadOnlyList<NeuronList> found = list is null ? await _lists.ReadAllAsync(atlas.Spec.Id, cancellation)
                : await _lists.FindAsync(atlas.Spec.Id, list, cancellation) is { } one ? [one] : throw Missing(list);
            return [.. found.SelectMany(of => of.Neurons.Select(neuron => new NoteRow(
                of.Id, of.Title, neuron.Layer, neuron.Channel, neuron.Note, AtlasTable.FormatTime(neuron.AddedAt))))];
        }

        public override async Task<(string Id, string Key)> MakeAsync(string title, CancellationToken cancellation)
        {
            var (list, key) = await _lists.CreateAsync(atlas.Spec.Id, title, cancellation);
            return (list.Id, key);
        }

        public override async Task PutAsync(string list, string layer, int channel, string? note, CancellationToken cancellation)
        {
            await using var catalog = atlas.Database.Open();
            var row = CatalogLookup.GetLayer(await CatalogLookup.GetAtlasAsync(catalog, atlas.Spec.Id, cancellation), layer);
            if (channel >= row.Channels)
                throw new UsageException($"layer '{row.Name}' has no neuron {channel}; it has neurons 0 to {row.Channels - 1}");
            if (!await _lists.PutAsync(atlas.Spec.Id, list, row.Name, channel, note, cancellation))
                throw Missing(list);
        }

        public override async Task RemoveAsync(string list, string layer, int channel, CancellationToken cancellation)
        {
            if (!await _lists.RemoveAsync(atlas.Spec.Id, list, layer, channel, cancellation))
                throw Missing(list);
        }

        public override void Dispose()
        {
        }

        private static UsageException Missing(string list) =>
            new($"--list '{list}': the atlas has no such list; without --list all are printed");
    }

    private sealed class ServerNotes(ServedAtlas served) : NotesSource
    {
        private readonly AtlasClient _client = new(served.Server);
        private readonly string _lists = $"api/v1/atlases/{Uri.EscapeDataString(served.Id)}/lists";

        private static (string Name, string? Value) Key => (NotesAccess.KeyHeader, Environment.GetEnvironmentVariable(KeyVariable)?.Trim());

        public override async Task<IReadOnlyList<NoteRow>> ReadAsync(string? list, CancellationToken cancellation)
        {
            if (list is not null)
                return await ReadOneAsync(list, cancellation);
            var rows = new List<NoteRow>();
            var all = await _client.GetAsync<JsonElement>(_lists, cancellation);
            foreach (var row in all.GetProperty("items").EnumerateArray())
                rows.AddRange(await ReadOneAsync(row.GetProperty("list").GetString()!, cancellation));
            return rows;
        }

        public override async Task<(string Id, string Key)> MakeAsync(string title, CancellationToken cancellation)
        {
            var made = await _client.PostAsync<JsonElement>(_lists, new { title }, cancellation);
            return (made.GetProperty("id").GetString()!, made.GetProperty("key").GetString()!);
        }

        public override Task PutAsync(string list, string layer, int channel, string? note, CancellationToken cancellation) =>
            _client.ChangeAsync(HttpMethod.Put, PathOf(list, layer, channel), new { note }, Key, cancellation);

        public override Task RemoveAsync(string list, string layer, int channel, CancellationToken cancellation) =>
            _client.ChangeAsync(HttpMethod.Delete, PathOf(list, layer, channel), body: null, Key, cancellation);

        public override void Dispose() => _client.Dispose();

        private async Task<IReadOnlyList<NoteRow>> ReadOneAsync(string list, CancellationToken cancellation)
        {
            var found = await _client.GetAsync<JsonElement>($"{_lists}/{Uri.EscapeDataString(list)}", cancellation);
            return [.. found.GetProperty("items").EnumerateArray().Select(row => new NoteRow(
                found.GetProperty("list").GetString()!, found.GetProperty("title").GetString()!, row.GetProperty("layer").GetString()!,
                row.GetProperty("channel").GetInt32(), row.GetProperty("note").GetString()!, row.GetProperty("added_at").GetString()))];
        }

        private string PathOf(string list, string layer, int channel) =>
            $"{_lists}/{Uri.EscapeDataString(list)}/neurons/{Uri.EscapeDataString(AtlasKeys.LayerFileName(layer))}/{channel}";
    }
}
