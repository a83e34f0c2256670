using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Tests the probabilities of the network's outputs.</summary>
public sealed class ClassPredictionTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scores_become_shares_of_one_and_probabilities_stay_what_they_are()
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        await FilledCatalog.FillAsync(fixture);
        await using var catalog = fixture.Database.Open();
        var atlas = (await LoadedAtlas.FindAsync(catalog, "demo", _cancellation))!;

        var scores = ClassPrediction.FindLargest(atlas, [[1], [2], [1000, 1001]], 5);
        Assert.Equal([(1, "goldfish"), (0, "tench")], scores.Select(output => (output.Index, output.Name!)));
        Assert.Equal(Math.E / (1 + Math.E), scores[0].Probability, 9);
        Assert.Equal(1, scores.Sum(output => output.Probability), 9);

        var shares = ClassPrediction.FindLargest(atlas, [[1], [2], [0.75f, 0.25f]], 1);
        Assert.Equal(new ClassPrediction(0, "tench", 0.75), Assert.Single(shares));
        // A worker with an older spec may answer fewer layers.
        Assert.Empty(ClassPrediction.FindLargest(atlas, [[1]], 5));
    }
}
