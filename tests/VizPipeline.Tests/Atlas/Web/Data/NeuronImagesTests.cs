using System.Net;
using System.Text.RegularExpressions;
using VizPipeline.ActivationStore;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Tests.Atlas.Api;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>The page of a neuron's images from the strongest to the least.</summary>
public sealed class NeuronImagesTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    // AlexNet's conv1: 11x11, stride 4, padding 2. The field of row 0 begins at -2 and ends before 9, that of row 1 is 2 to 13.
    [Theory]
    [InlineData(0, 0, 0, 9)]
    [InlineData(1, 0, 2, 11)]
    [InlineData(54, 0, 214, 10)]
    public void The_box_is_the_receptive_field_inside_the_image(int y, int x, double top, double height)
    {
        var layer = new Layer
        {
            Name = "conv1",
            Kind = "conv",
            Operator = "Conv",
            FieldHeight = 11,
            FieldWidth = 11,
            StrideY = 4,
            StrideX = 4,
            StartY = 3,
            StartX = 3,
        };
        var images = new NeuronImages(layer, new Neuron(), [], 0, 0, true);
        var row = new NeuronImage(0, "a.png", null, 1, y, x);
        Assert.Equal((0, top, 9, height), NeuronImages.FindBox(images.Layer, row, 224, 224));
        Assert.Null(NeuronImages.FindBox(images.Layer, row with { Y = null }, 224, 224));
        layer.SeesWholeInput = true;
        Assert.Null(NeuronImages.FindBox(images.Layer, row, 224, 224));
    }

    [Fact]
    public async Task The_page_goes_from_the_strongest_to_the_least_and_keeps_to_a_class()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var (layer, count) = (FilledCatalog.Spec.Layers[0], FilledCatalog.Spec.Images.Count);
        var writer = new ActivationWriter(api.Store, "demo");
        await writer.PutShardAsync(
            0, layer.Name, layer.Channels,
            Enumerable.Range(0, count * layer.Channels).Select(i => (Half)(i / layer.Channels * 7 % count)).ToArray(), null, 1,
            _cancellation);
        await writer.JoinAsync(layer, count, null, hasPositions: false, [[.. Enumerable.Range(0, count)]], _cancellation);

        var html = await GetAsync(api, "?at=0");
        int[] expected = [.. Enumerable.Range(0, count).OrderByDescending(image => image * 7 % count)];
        Assert.Equal(expected, Images(html));
        Assert.Contains($"Images 1 to {count} of {count}, the strongest first", html);
        var dogs = (await api.AllAsync("atlases/demo/images?class=dog", 500)).Select(row => row.GetProperty("index").GetInt32())
            .ToHashSet();
        Assert.NotEmpty(dogs);
        Assert.Equal(expected.Where(dogs.Contains), Images(await GetAsync(api, "?class=dog")));
        Assert.Contains("has no class &#x27;horse&#x27;", await GetAsync(api, "?class=horse", HttpStatusCode.BadRequest));
        Assert.Contains("at: give a number from 0", await GetAsync(api, "?at=101", HttpStatusCode.BadRequest));
        Assert.Contains("&#x27;x&#x27; is not a number", await GetAsync(api, "?at=x", HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Without_kept_activations_it_shows_the_top_list_and_says_so()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var layer = FilledCatalog.Spec.Layers[0];
        Assert.Contains("has no top list", await GetAsync(api, "", HttpStatusCode.NotFound));
        var list = new TopList(layer.Channels, depth: 3);
        list.Set(1, 0, 2.5f, image: 4, position: 0);
        list.Set(1, 1, 1.5f, image: 2, position: 0);
        await list.PutAsync(api.Store, "demo", layer.Name, TopList.Top, _cancellation);
        var html = await GetAsync(api, "");
        Assert.Equal([4, 2], Images(html));
        Assert.Contains("Only the strongest images are recorded", html);
    }

    private static IEnumerable<int> Images(string html) =>
        Regex.Matches(html, "alt=\"Image ([0-9]+)\"").Select(match => int.Parse(match.Groups[1].Value, null));

    private async Task<string> GetAsync(ApiHost api, string query, HttpStatusCode status = HttpStatusCode.OK)
    {
        var answer = await api.Http.GetAsync($"/atlases/demo/neurons/conv1/1/images{query}", _cancellation);
        var html = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode} {html}");
        return html;
    }
}
