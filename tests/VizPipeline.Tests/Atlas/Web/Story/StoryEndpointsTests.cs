using System.Net;
using VizPipeline.Tests.Atlas.Api;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Story;

/// <summary>Tests the story's pages without a browser and without a worker.</summary>
public sealed class StoryEndpointsTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Without_a_worker_the_story_says_so_and_shows_what_is_stored(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var index = await GetAsync(api, "/atlases/demo/story?lang=en", HttpStatusCode.OK);
        var first = System.Text.RegularExpressions.Regex.Match(index, "href=\"(/atlases/demo/story/[^\"?]+)\\?lang=en\"").Groups[1].Value;
        Assert.NotEmpty(first);
        var page = await GetAsync(api, $"{first}?lang=en", HttpStatusCode.OK);
        Assert.Contains("No worker answers, so this story shows stored pictures only: ", page, StringComparison.Ordinal);
        foreach (var slide in new[] { "opening", "photograph", "answer" })
            Assert.Contains($"id=\"{slide}\"", page, StringComparison.Ordinal);
        foreach (var slide in new[] { "map", "maximum", "pixels", "another" })
            Assert.DoesNotContain($"id=\"{slide}\"", page, StringComparison.Ordinal);
        // Nor does it ask for an ascent that nobody makes.
        Assert.DoesNotContain("data-grow", page, StringComparison.Ordinal);
        await GetAsync(api, $"{first}/map.png", HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("/atlases/demo/story/conv9/0")]
    [InlineData("/atlases/demo/story/conv1/99")]
    [InlineData("/atlases/demo/story/conv1/x")]
    [InlineData("/atlases/nothing/story")]
    public async Task What_does_not_exist_is_not_found(string address)
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        await GetAsync(api, address, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("", "ko-KR,ko;q=0.9", "ko")]
    [InlineData("?lang=en", "ko-KR,ko;q=0.9", "en")]
    [InlineData("?lang=KO", "en", "ko")]
    [InlineData("?lang=%3Cscript%3E", "en", "en")]
    public async Task The_address_or_else_the_browser_chooses_the_language(string query, string accepted, string language)
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/atlases/demo/story" + query);
        request.Headers.AcceptLanguage.ParseAdd(accepted);
        var answer = await api.Http.SendAsync(request, _cancellation);
        var page = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.Contains($"<html lang=\"{language}\">", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.Contains(answer.Headers.Vary, value => value == "Accept-Language");
    }

    [Fact]
    public async Task The_storys_own_address_leads_to_the_newest_atlas()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync("/story", _cancellation);
        Assert.Equal((HttpStatusCode.Redirect, "/atlases/demo/story"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    private async Task<string> GetAsync(ApiHost api, string address, HttpStatusCode status)
    {
        var answer = await api.Http.GetAsync(address, _cancellation);
        Assert.Equal(status, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(_cancellation);
    }
}
