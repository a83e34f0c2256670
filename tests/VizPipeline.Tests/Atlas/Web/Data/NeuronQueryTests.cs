using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Neurons by layer come in the network's order, also when layers were added later.</summary>
public sealed class NeuronQueryTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Pages_go_through_the_layers_in_the_networks_order(int limit)
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        // Of the layers conv1, fire/merge and logits, as if fire/merge were the last one that was added, before both.
        await fixture.Create(SpecSamples.Small() with
        {
            Network = [new("fire/merge", []), new("conv1", [0]), new("other", [1]), new("logits", [2])],
        });
        await using var catalog = fixture.Database.Open();
        var atlas = (await LoadedAtlas.FindAsync(catalog, "sample", _cancellation))!;
        Assert.Equal(["fire/merge", "conv1", "logits"], atlas.Layers.Select(layer => layer.Name));
        Assert.Equal((1, 0, -1), (atlas.FindPlace(0), atlas.FindPlace(1), atlas.FindPlace(7)));
        Assert.Equal(("conv1", null), (atlas.FindLayer(0)!.Name, atlas.FindLayer(-1)));
        Assert.Equal([2], atlas.FindActivations([[1], [2], [3]], atlas.Layers[0]));
        Assert.Empty(atlas.FindActivations([[1]], atlas.Layers[0]));

        var (query, found) = (new NeuronQuery { Limit = limit }, new List<(string, int)>());
        for (var page = await query.ReadAsync(catalog, atlas, _cancellation); ; page = await query.ReadAsync(catalog, atlas, _cancellation))
        {
            found.AddRange(page.Items.Select(of => (of.Layer.Name, of.Neuron.Channel)));
            if (page.Next is null)
                break;
            Assert.Equal(limit, page.Items.Count);
            query = query with { After = page.Next };
        }
        Assert.Equal(
            atlas.Layers.SelectMany(layer => Enumerable.Range(0, layer.Channels).Select(channel => (layer.Name, channel))), found);
        var chosen = await new NeuronQuery { Layers = "logits,fire*" }.ReadAsync(catalog, atlas, _cancellation);
        Assert.Equal(["fire/merge", "logits"], chosen.Items.Select(of => of.Layer.Name).Distinct());
    }
}
