using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Tests which neurons stand for a layer of six, of which one is dead and two have pictures.</summary>
public sealed class ChosenNeuronsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(400, new[] { 1, 4, 0, 2, 3 })]
    [InlineData(2, new[] { 4, 1, 5, 3, 2 })]
    public async Task The_alive_and_most_selective_or_strongest_are_chosen_those_with_pictures_first(int images, int[] expected)
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        var spec = SpecSamples.Small() with
        {
            Layers = [SpecSamples.Layer(0, "conv1", "conv", 6)],
            Images = SpecSamples.Small().Images with { Count = images, Classes = ["cat", "dog"] },
            Methods = AtlasMethods.Top9 | AtlasMethods.Ascent | AtlasMethods.Filters,
        };
        await using var catalog = await FillAsync(fixture, spec);
        var atlas = (await LoadedAtlas.FindAsync(catalog, spec.Id, Cancellation))!;
        var views = ChosenNeurons.ListViews(atlas);

        var chosen = await ChosenNeurons.ReadAsync(catalog, atlas, atlas.Layers[0], views, 5, Cancellation);

        Assert.Equal(images >= 8, atlas.TellsClasses);
        Assert.Equal(["ascent-p3-s0", "top1", "top9"], views.Select(view => view.Id));
        Assert.Equal(expected, chosen.Select(neuron => neuron.Channel));
        Assert.Equal(["top1", "top9"], chosen.Single(neuron => neuron.Channel == 1).Missing.Order());
        Assert.Empty(chosen.Single(neuron => neuron.Channel == 4).Missing);
        Assert.Equal(3, chosen.Single(neuron => neuron.Channel == 2).Missing.Count);
    }

    private static async Task<CatalogContext> FillAsync(CatalogFixture fixture, AtlasSpec spec)
    {
        var atlas = await fixture.Create(spec);
        var catalog = fixture.Database.Open();
        var layer = await catalog.Layers.SingleAsync(row => row.AtlasId == atlas.Id, Cancellation);
        foreach (var neuron in await catalog.Neurons.AsTracking().Where(row => row.LayerId == layer.Id).ToListAsync(Cancellation))
        {
            // The selectivity falls with the channel and the largest activation grows; channel 0 is the most selective, 5 is the strongest.
            (neuron.ClassSelectivity, neuron.Max, neuron.Dead) = (1 - (0.1 * neuron.Channel), 1 + neuron.Channel, false);
            if (neuron.Channel == (spec.Images.Count > 2 ? 5 : 0))
                neuron.Dead = true;
        }
        catalog.Pictures.AddRange(
            Picture(spec, layer, TileView.ForAscent("3", 0), 1), Picture(spec, layer, TileView.ForAscent("3", 0), 4),
            Picture(spec, layer, TileView.Top9, 4));
        await catalog.SaveChangesAsync(Cancellation);
        return catalog;
    }

    private static Picture Picture(AtlasSpec spec, Layer layer, TileView view, int channel) => new()
    {
        LayerId = layer.Id,
        Channel = channel,
        Method = view.IsSource ? PictureMethod.Top9 : PictureMethod.Ascent,
        Variant = view.IsSource ? "" : "preset 3",
        Key = view.Key(spec.Id, layer.Name, channel),
        Parameters = "{}",
        Status = PictureStatus.Done,
        Objective = [],
    };
}
