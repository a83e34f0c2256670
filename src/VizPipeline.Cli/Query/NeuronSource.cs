using System.Globalization;
using System.Text.Json;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Query;

/// <summary>The query of <c>viz query</c>, independent of the source of the neurons.</summary>
/// <param name="Layers">Names of layers with wildcards, or null.</param>
/// <param name="Text">Part of the name of a class or output, or null.</param>
/// <param name="Dead">Whether the neurons are dead, or null for both.</param>
/// <param name="Where">Conditions on statistics.</param>
/// <param name="Sort">The sort order.</param>
internal sealed record NeuronQuestion(string? Layers, string? Text, bool? Dead, IReadOnlyList<string> Where, string Sort);

/// <summary>
/// A source of neurons: the catalog in a folder, or an atlas server. Rows have the columns of <see cref="NeuronExport"/>.
/// </summary>
internal abstract class NeuronSource : IDisposable
{
    /// <summary>The columns.</summary>
    public static IReadOnlyList<ExportColumn> Columns => NeuronExport.Table.Columns;

    /// <summary>Opens a folder, or an address such as <c>http://HOST:8082/atlases/ID</c>.</summary>
    /// <exception cref="UsageException">There is no atlas there.</exception>
    public static async Task<NeuronSource> OpenAsync(string atlas, CancellationToken cancellation)
    {
        return ServedAtlas.TryParse(atlas) is { } served
            ? new ServerNeurons(served) : new FolderNeurons(await StoredAtlas.OpenAsync(atlas, cancellation));
    }

    /// <summary>Reads up to <paramref name="count"/> rows.</summary>
    public async IAsyncEnumerable<object?[]> ReadAsync(
        NeuronQuestion question, int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        string? after = null;
        while (count > 0)
        {
            var (rows, next) = await ReadPageAsync(question, Math.Min(count, NeuronQuery.LargestPage), after, cancellation);
            foreach (var row in rows)
                yield return row;
            (count, after) = (count - rows.Count, next);
            if (next is null)
                yield break;
        }
    }

    /// <summary>Returns the tile of a neuron; null if there is none.</summary>
    public abstract Task<RgbImage?> GetTileAsync(string layer, int channel, TileView view, CancellationToken cancellation);

    /// <inheritdoc/>
    public abstract void Dispose();

    protected abstract Task<(IReadOnlyList<object?[]> Rows, string? Next)> ReadPageAsync(
        NeuronQuestion question, int limit, string? after, CancellationToken cancellation);

    private sealed class FolderNeurons(StoredAtlas atlas) : NeuronSource
    {
        private readonly LinkTables _links = new(atlas.OpenStore());
        private Tiles? _tiles;
        private LoadedAtlas? _loaded;

        public override async Task<RgbImage?> GetTileAsync(string layer, int channel, TileView view, CancellationToken cancellation)
        {
            if (_loaded is null)
            {
                await using var catalog = atlas.Database.Open();
                _loaded = await CatalogLookup.GetAtlasAsync(catalog, atlas.Spec.Id, cancellation);
            }
            var row = CatalogLookup.GetLayer(_loaded, layer);
            _tiles ??= new Tiles(atlas.OpenStore(), _links, atlas.Database);
            return await _tiles.FindAsync(_loaded, row, view, channel, cancellation) is { } tile
                ? ImageDecoder.Decode(tile, "the tile") : null;
        }

        public override void Dispose()
        {
            _tiles?.Dispose();
            _links.Dispose();
        }

        protected override async Task<(IReadOnlyList<object?[]> Rows, string? Next)> ReadPageAsync(
            NeuronQuestion question, int limit, string? after, CancellationToken cancellation)
        {
            try
            {
                await using var catalog = atlas.Database.Open();
                var view = await CatalogLookup.GetAtlasAsync(catalog, atlas.Spec.Id, cancellation);
                var query = new NeuronQuery
                {
                    Layers = question.Layers,
                    Text = question.Text,
                    Dead = question.Dead,
                    Where = [.. question.Where.Select(NeuronCondition.Parse)],
                    Sort = question.Sort,
                    Limit = limit,
                    After = after,
                };
                var page = await query.ReadAsync(catalog, view, cancellation);
                return ([
                    .. (await NeuronExport.CreateRowsAsync(catalog, page.Items, view.Names, cancellation))
                    .Select(NeuronExport.Table.Values)], page.Next);
            }
            catch (QueryException wrong)
            {
                throw new UsageException(wrong.Message);
            }
        }
    }

    private sealed class ServerNeurons(ServedAtlas served) : NeuronSource
    {
        private readonly AtlasClient _client = new(served.Server);

        public override async Task<RgbImage?> GetTileAsync(string layer, int channel, TileView view, CancellationToken cancellation)
        {
            var path = ServerLinks.Instance.Tile(served.Id, AtlasKeys.LayerFileName(layer), view, channel);
            return await _client.TryGetBytesAsync(path.TrimStart('/'), cancellation) is { } tile
                ? ImageDecoder.Decode(tile, "the tile") : null;
        }

        public override void Dispose() => _client.Dispose();

        protected override async Task<(IReadOnlyList<object?[]> Rows, string? Next)> ReadPageAsync(
            NeuronQuestion question, int limit, string? after, CancellationToken cancellation)
        {
            var asked = new List<(string Name, string? Value)>
            {
                ("layer", question.Layers), ("text", question.Text), ("dead", question.Dead is { } dead ? dead ? "true" : "false" : null),
                ("sort", question.Sort),
                ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("after", after),
            };
            asked.AddRange(question.Where.Select(condition => ("where", (string?)condition)));
            var query = string.Join(
                '&', asked.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
            var page = await _client.GetAsync<JsonElement>(
                $"api/v1/atlases/{Uri.EscapeDataString(served.Id)}/neurons?{query}", cancellation);
            return ([.. page.GetProperty("items").EnumerateArray().Select(Row)], page.GetProperty("next").GetString());
        }

        private static object?[] Row(JsonElement item) =>
            [.. Columns.Select(column => item.TryGetProperty(column.Name, out var value) ? Value(value, column.Kind) : null)];

        private static object? Value(JsonElement value, ColumnKind kind) => value.ValueKind == JsonValueKind.Null ? null : kind switch
        {
            ColumnKind.Text => value.GetString(),
            ColumnKind.Integer => value.GetInt32(),
            ColumnKind.Long => value.GetInt64(),
            ColumnKind.Flag => value.GetBoolean(),
            ColumnKind.Single or ColumnKind.Double =>
                value.ValueKind == JsonValueKind.String
                ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble(),
            ColumnKind.Integers => value.EnumerateArray().Select(item => item.GetInt32()).ToArray(),
            ColumnKind.Singles => value.EnumerateArray().Select(item => item.GetSingle()).ToArray(),
            ColumnKind.Texts => value.EnumerateArray().Select(item => item.GetString()!).ToArray(),
            _ => value.GetRawText(),
        };
    }
}
