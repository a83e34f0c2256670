using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Rankings by classes leave out what few images excite, unless a condition says otherwise.</summary>
public sealed class NeuronSupportTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task A_neuron_that_hardly_any_image_excites_does_not_lead_a_ranking(Engine engine)
    {
        await using var fixture = await CatalogFixture.On(engine);
        await FilledCatalog.FillAsync(fixture);
        await using var catalog = fixture.Database.Open();
        // Channel 1 of conv1 and of logits looks perfect, from 2 of 10 images; logits can be negative, so there it counts.
        await catalog.Neurons.Where(neuron => neuron.Channel == 1).ExecuteUpdateAsync(
            set => set.SetProperty(neuron => neuron.ActiveImages, 2).SetProperty(neuron => neuron.TopPurity, 1.0)
                .SetProperty(neuron => neuron.ClassSelectivity, 1.0), _cancellation);
        await catalog.Layers.ExecuteUpdateAsync(
            set => set.SetProperty(layer => layer.Rectified, layer => layer.Name != "logits"), _cancellation);
        var atlas = (await LoadedAtlas.FindAsync(catalog, "demo", _cancellation))!;

        Assert.Equal(["logits"], await LeadersAsync(catalog, atlas, new() { Sort = "-class_selectivity" }));
        Assert.Equal(["logits"], await LeadersAsync(catalog, atlas, new() { Sort = "-top_purity" }));
        Assert.Equal(
            ["conv1", "fire/merge", "logits"],
            await LeadersAsync(catalog, atlas, new() { Sort = "-top_purity", Where = [NeuronCondition.Parse("active_images>=0")] }));
        Assert.Equal(
            ["conv1", "fire/merge", "logits"],
            await LeadersAsync(catalog, atlas, new() { Sort = "layer", Where = [NeuronCondition.Parse("active_images=2")] }));
        Assert.DoesNotContain(
            (await ClassContents.ReadAsync(catalog, atlas, 1, _cancellation))!.Neurons,
            hit => hit.Layer.Name == "conv1" && hit.Neuron.Channel == 1);
    }

    private async Task<IEnumerable<string>> LeadersAsync(CatalogContext catalog, LoadedAtlas atlas, NeuronQuery query) =>
        (await query.ReadAsync(catalog, atlas, _cancellation)).Items
            .Where(hit => hit.Neuron.TopPurity == 1).Select(hit => hit.Layer.Name);
}
