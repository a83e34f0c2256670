using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Tests the search form: what is typed wrong is named, and names of outputs come first.</summary>
public sealed class SearchFormTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("selectivity", "much", "selectivity: 'much' is not a number")]
    [InlineData("selectivity", "NaN", "selectivity: 'NaN' is not a number")]
    [InlineData("where", "size>1", "where: there is no statistic 'size'")]
    [InlineData("where", "max", "where: 'max' is not a condition")]
    [InlineData("dead", "perhaps", "dead: 'perhaps' is neither true nor false")]
    [InlineData("sort", "colour", "sort: 'colour' is not one of -class_selectivity")]
    public async Task A_wrong_field_is_named(string field, string value, string told)
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        await FilledCatalog.FillAsync(fixture);
        await using var catalog = fixture.Database.Open();
        var atlas = await AtlasAsync(catalog);
        var form = field switch
        {
            "selectivity" => new SearchForm(Selectivity: value),
            "where" => new SearchForm(Where: value),
            "dead" => new SearchForm(Dead: value),
            _ => new SearchForm(Sort: value),
        };
        Assert.StartsWith(told, Assert.Throws<QueryException>(() => form.ToQuery(atlas)).Message);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task The_output_with_the_name_comes_first_and_once(Engine engine)
    {
        await using var fixture = await CatalogFixture.On(engine);
        await FilledCatalog.FillAsync(fixture);
        await using var catalog = fixture.Database.Open();
        var atlas = await AtlasAsync(catalog);
        var found = await SearchContents.ReadAsync(catalog, atlas, new SearchForm(Text: " Goldfish ").ToQuery(atlas), _cancellation);
        Assert.Equal(("logits", 1, "goldfish"), (found.Named.Single().Layer.Name, found.Named.Single().Neuron.Channel,
            found.Named.Single().Neuron.Name));
        Assert.DoesNotContain(found.Neurons, hit => hit.Layer.Name == "logits" && hit.Neuron.Channel == 1);
        // The other conditions hold for named outputs too.
        Assert.Empty((await SearchContents.ReadAsync(
            catalog, atlas, new SearchForm(Text: "goldfish", Layer: "conv1").ToQuery(atlas), _cancellation)).Named);
        Assert.Empty((await SearchContents.ReadAsync(
            catalog, atlas, new SearchForm(Text: "goldfish", Where: "max>1e30").ToQuery(atlas), _cancellation)).Named);
        Assert.Empty((await SearchContents.ReadAsync(catalog, atlas, new SearchForm().ToQuery(atlas), _cancellation)).Named);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task All_atlases_are_searched_by_class_output_layer_and_name(Engine engine)
    {
        await using var fixture = await CatalogFixture.On(engine);
        await FilledCatalog.FillAsync(fixture);
        await using var catalog = fixture.Database.Open();
        using var atlases = new LoadedAtlasCache(fixture.Database);

        var goldfish = Assert.Single((await AtlasSearch.ReadAsync(catalog, atlases, "GOLDfish", 0, _cancellation)).Found);
        Assert.Equal(("logits", 1), (goldfish.Neurons[0].Layer.Name, goldfish.Neurons[0].Neuron.Channel));
        var cat = Assert.Single((await AtlasSearch.ReadAsync(catalog, atlases, "cat", 0, _cancellation)).Found);
        Assert.Equal((0, "cat"), Assert.Single(cat.Classes));
        Assert.NotEmpty(cat.Neurons);
        Assert.All(cat.Neurons, hit => Assert.True(hit.Neuron.Name is not null || hit.Neuron.BestClass == 0));
        var layer = Assert.Single((await AtlasSearch.ReadAsync(catalog, atlases, "conv", 0, _cancellation)).Found);
        Assert.Equal("conv1", Assert.Single(layer.Layers).Name);
        Assert.Single((await AtlasSearch.ReadAsync(catalog, atlases, "a samp", 0, _cancellation)).Found);
        // A word of the spec that names nothing: the search looks into the spec first.
        Assert.Empty((await AtlasSearch.ReadAsync(catalog, atlases, "manifest", 0, _cancellation)).Found);
        Assert.Empty((await AtlasSearch.ReadAsync(catalog, atlases, "\"", 0, _cancellation)).Found);
        Assert.Empty((await AtlasSearch.ReadAsync(catalog, atlases, null, 0, _cancellation)).Found);
    }

    [Fact]
    public async Task Many_atlases_with_the_name_come_in_pages_without_a_gap()
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        string[] slugs = [.. Enumerable.Range(0, 23).Select(i => $"atlas-{i:D2}")];
        foreach (var slug in slugs)
            await fixture.Create(SpecSamples.Small(slug));
        await using var catalog = fixture.Database.Open();
        using var atlases = new LoadedAtlasCache(fixture.Database);
        var (found, lengths, next) = (new List<string>(), new List<int>(), (int?)0);
        while (next is { } from)
        {
            var page = await AtlasSearch.ReadAsync(catalog, atlases, "dog", from, _cancellation);
            found.AddRange(page.Found.Select(hits => hits.Atlas.Id));
            lengths.Add(page.Found.Count);
            next = page.Next;
        }
        Assert.Equal(slugs.Reverse(), found);
        Assert.Equal([10, 10, 3], lengths);
    }

    private async Task<LoadedAtlas> AtlasAsync(CatalogContext catalog) => (await LoadedAtlas.FindAsync(catalog, "demo", _cancellation))!;
}
