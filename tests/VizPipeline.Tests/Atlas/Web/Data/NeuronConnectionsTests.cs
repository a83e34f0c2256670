using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>
/// Tests connections read from made-up link tables: conv1 and conv2 in parallel, a merge of both, and an output.
/// </summary>
public sealed class NeuronConnectionsTests : IDisposable
{
    private static readonly AtlasSpec Spec = SpecSamples.Small() with
    {
        Layers =
        [
            SpecSamples.Layer(0, "conv1", "conv", 5) with { Inputs = [] },
            SpecSamples.Layer(1, "conv2", "conv", 2) with { Inputs = [0] },
            SpecSamples.Layer(2, "merge", "merge", 7) with { Inputs = [0, 1] },
            SpecSamples.Layer(3, "logits", "output", 9) with { Inputs = [2], Parameters = 63 },
        ],
    };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_neuron_has_inputs_and_outputs_at_once_and_behind_a_merge()
    {
        await using var catalog = await CatalogFixture.On(Engine.Sqlite);
        var (atlas, store) = (await OpenAsync(catalog, Spec), await FillAsync());
        using var tables = new LinkTables(store);

        var first = await NeuronConnections.ReadAsync(tables, atlas, atlas.Layers[0], 4, Cancellation);
        var last = await NeuronConnections.ReadAsync(tables, atlas, atlas.Layers[3], 8, Cancellation);

        Assert.Equal(
            [("logits", 8, 0.9f), ("conv2", 1, 0.5f), ("logits", 0, 0.25f)],
            first.Outputs.Select(link => (link.Layer.Name, link.Channel, (float)link.Share)));
        Assert.All(first.Inputs, link => Assert.Equal((true, null), (link.IsInput, link.Layer)));
        Assert.Equal([0, 2, 1], first.Inputs.Select(link => link.Input));
        Assert.Equal([0.5f, 1, -1], first.Colour!.Weights);
        Assert.Equal((1, 1, 2f), (first.Colour.Height, first.Colour.Width, first.Scale));
        Assert.Equal([("merge", 6, 0.5), (null, -1, 0.25)], last.Inputs.Select(link => (link.Layer?.Name, link.Channel, link.Share)));
        Assert.Empty(last.Outputs);
        Assert.Null(last.Colour);
    }

    [Fact]
    public async Task The_strongest_twelve_of_all_later_layers_stay()
    {
        var spec = Spec with { Layers = [.. Spec.Layers.Select(layer => layer with { Inputs = null })] };
        await using var catalog = await CatalogFixture.On(Engine.Sqlite);
        var (atlas, store) = (await OpenAsync(catalog, spec), new FolderObjectStore(_folder.Path));
        foreach (var layer in new[] { 1, 3 })
        {
            var readers = Enumerable.Range(0, 8).Select(channel => new ReaderLinkRow(channel, (8 - channel) / 10f, layer)).ToList();
            await store.PutAsync(
                AtlasKeys.LayerLinks(spec.Id, spec.Layers[layer].Name),
                VizJson.Write(new LinkTable(layer, [], [new LayerReadersRow(0, [readers])])), Cancellation);
        }
        using var tables = new LinkTables(store);

        var links = await NeuronConnections.ReadAsync(tables, atlas, atlas.Layers[0], 0, Cancellation);

        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? 1 : 3, i / 2)),
            links.Outputs.Select(link => (link.Layer.LayerIndex, link.Channel)));
        Assert.Empty((await NeuronConnections.ReadAsync(tables, atlas, atlas.Layers[1], 0, Cancellation)).Inputs);
    }

    [Fact]
    public async Task An_atlas_without_tables_has_no_links()
    {
        await using var catalog = await CatalogFixture.On(Engine.Sqlite);
        var atlas = await OpenAsync(catalog, Spec);
        using var tables = new LinkTables(new FolderObjectStore(_folder.Path));

        foreach (var layer in atlas.Layers)
        {
            var links = await NeuronConnections.ReadAsync(tables, atlas, layer, 0, Cancellation);
            Assert.Empty(links.Inputs);
            Assert.Empty(links.Outputs);
            Assert.Null(links.Colour);
        }
    }

    [Fact]
    public async Task A_table_is_read_once_and_a_missing_one_is_remembered_for_a_while()
    {
        var store = await FillAsync();
        using var tables = new LinkTables(store);

        var read = await tables.FindAsync(Spec.Id, "conv1", Cancellation);
        Assert.Null(await tables.FindAsync(Spec.Id, "conv9", Cancellation));
        await store.PutAsync(AtlasKeys.LayerLinks(Spec.Id, "conv9"), VizJson.Write(read!), Cancellation);
        await store.DeleteAsync(AtlasKeys.LayerLinks(Spec.Id, "conv1"), Cancellation);

        Assert.Same(read, await tables.FindAsync(Spec.Id, "conv1", Cancellation));
        Assert.Null(await tables.FindAsync(Spec.Id, "conv9", Cancellation));
    }

    private static async Task<LoadedAtlas> OpenAsync(CatalogFixture catalog, AtlasSpec spec)
    {
        await catalog.Create(spec);
        await using var context = catalog.Database.Open();
        return (await LoadedAtlas.FindAsync(context, spec.Id, default))!;
    }

    private async Task<FolderObjectStore> FillAsync()
    {
        var store = new FolderObjectStore(_folder.Path);
        var colour = new NeuronInputsRow(
            1.5f, 2, [new(-1, 0, 0, 1, 0.5f, new(1, 1, [0.5f])), new(-1, 2, 2, 1, -1, new(1, 1, [-1])),
                new(-1, 1, 1, 0.5f, 1, new(1, 1, [1]))]);
        LinkTable[] made =
        [
            new(0, [.. Enumerable.Repeat(colour, 5)], []),
            new(1, [.. Enumerable.Repeat(new NeuronInputsRow(0, 0, []), 2)], [Readers(0, 5, new ReaderLinkRow(1, 0.5f, 1))]),
            new(3, [.. Enumerable.Repeat(new NeuronInputsRow(2, 1, [new(2, 6, 6, 1, 1, null), new(-1, -1, 3, 0.5f, 1, null)]), 9)],
                [Readers(0, 5, new ReaderLinkRow(8, 0.9f, 1), new ReaderLinkRow(0, 0.25f, -1)), Readers(2, 7)]),
        ];
        foreach (var table in made)
            await store.PutAsync(AtlasKeys.LayerLinks(Spec.Id, Spec.Layers[table.Layer].Name), VizJson.Write(table));
        return store;
    }

    // Only the last channel has readers.
    private static LayerReadersRow Readers(int layer, int channels, params ReaderLinkRow[] last)
        => new(layer, [.. Enumerable.Range(0, channels).Select(channel => channel == channels - 1 ? last : [])]);
}
