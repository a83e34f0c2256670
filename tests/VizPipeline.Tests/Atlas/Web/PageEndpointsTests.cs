using System.Net;
using System.Text.RegularExpressions;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Atlas.Api;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests what pages say, without a browser: errors, the search over all atlases, caching, and signing out.</summary>
public sealed class PageEndpointsTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("layers/conv9", "no layer &#x27;conv9&#x27;", "/atlases/demo/layers/conv1")]
    [InlineData("neurons/conv1/5", "It has 5 neurons, 0 to 4.", "/atlases/demo/neurons/conv1/4")]
    [InlineData("neurons/conv1/x", "There is no such page.", null)]
    [InlineData("images/10", "It has 10 images, 0 to 9.", "/atlases/demo/images/9")]
    [InlineData("classes/7", "It has 2 classes, 0 to 1.", "/atlases/demo/classes/1")]
    [InlineData("nothing", "There is no such page.", null)]
    public async Task What_a_known_atlas_lacks_is_said_with_its_navigation_and_the_nearest_thing(string path, string text, string? nearest)
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync($"/atlases/demo/{path}", _cancellation);
        var html = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains(text, html);
        Assert.Contains("href=\"/atlases/demo/search\"", html);
        Assert.Contains("rel=\"up\" href=\"/atlases/demo\"", html);
        if (nearest is not null)
            Assert.Contains($"<a class=\"button\" href=\"{nearest}\"", Regex.Replace(html, @"\s+", " "));
    }

    [Fact]
    public async Task A_wrong_field_keeps_the_form_and_what_was_typed()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync(
            "/atlases/demo/search?text=tench&selectivity=much&where=max>1&sort=-max&layer=conv1&dead=false", _cancellation);
        var html = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Matches("name=\"selectivity\" value=\"much\"[^>]*aria-invalid=\"true\"", html);
        Assert.Contains("&#x27;much&#x27; is not a number such as 0.5.", html);
        foreach (var kept in new[] { "name=\"text\" value=\"tench\"", "name=\"where\" value=\"max&gt;1\"",
            "value=\"-max\" selected", "value=\"conv1\" selected", "value=\"false\" selected" })
            Assert.Contains(kept, html);
        Assert.Single(Regex.Matches(html, "role=\"alert\""));
    }

    [Theory]
    [InlineData("/search?text=goldfish", 200, "logits|goldfish|Search in")]
    [InlineData("/search?text=conv", 200, "/atlases/demo/layers/conv1")]
    [InlineData("/search?text=zebra", 200, "No class, output, layer or atlas has")]
    [InlineData("/search", 200, "Type the name of a class")]
    public async Task The_search_over_all_atlases_always_says_something(string path, int status, string texts)
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync(path, _cancellation);
        var html = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
        foreach (var text in texts.Split('|'))
            Assert.Contains(text, html);
    }

    [Fact]
    public async Task A_text_that_is_too_long_or_holds_a_NUL_is_no_server_error()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync($"/search?text={new string('x', 201)}", _cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("at most 200 characters", await answer.Content.ReadAsStringAsync(_cancellation));
        Assert.Equal(HttpStatusCode.OK, (await api.Http.GetAsync("/search?text=a%00b", _cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_finished_atlas_has_addresses_of_pictures_that_last()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var key = AtlasKeys.Picture("demo", "conv1", "top9", 1);
        await api.Store.PutAsync(key, new byte[] { 1, 2, 3 }, _cancellation);
        var file = $"pictures/{key["atlases/demo/".Length..]}";
        Assert.Contains("src=\"/atlases/demo/tiles/conv1/", await api.Http.GetStringAsync("/atlases/demo/layers/conv1", _cancellation));

        var first = await FinishAsync(api, 1);
        Assert.Contains("immutable", await CachingAsync($"/atlases/demo/at/{first}/{file}"));
        Assert.DoesNotContain("immutable", await CachingAsync($"/atlases/demo/at/0123456789abcdef/{file}"));
        // The same spec, built again later.
        var second = await FinishAsync(api, 2);
        Assert.NotEqual(first, second);
        Assert.Contains("immutable", await CachingAsync($"/atlases/demo/at/{second}/{file}"));
        Assert.Equal("no-cache", await CachingAsync($"/atlases/demo/at/{first}/{file}"));

        async Task<string> CachingAsync(string path)
        {
            var answer = await api.Http.GetAsync(path, _cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return answer.Headers.CacheControl!.ToString();
        }
    }

    [Fact]
    public async Task A_browser_that_has_signed_in_can_sign_out_and_an_open_server_asks_for_no_key()
    {
        const string Key = "0123456789abcdef-key";
        await using (var open = await ApiHost.StartAsync(Engine.Sqlite))
        {
            Assert.Contains("No key is needed", await open.Http.GetStringAsync("/sign-in", _cancellation));
            Assert.DoesNotContain("Sign out", await open.Http.GetStringAsync("/atlases/demo", _cancellation));
        }
        await using var api = await ApiHost.StartAsync(Engine.Sqlite, "--Http:OpenReading=false", $"--Http:ReadKeys:0={Key}");
        Assert.DoesNotContain("Sign out", await api.Http.GetStringAsync("/sign-in", _cancellation));
        var welcome = await api.Http.PostAsync(
            "/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = Key }), _cancellation);
        var cookie = Assert.Single(welcome.Headers.GetValues("Set-Cookie")).Split(';')[0];
        Assert.Contains("Sign out", await SendAsync(HttpMethod.Get, "/atlases/demo"));
        // A request with a key in a header has nothing to sign out of.
        api.Http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        Assert.DoesNotContain("Sign out", await api.Http.GetStringAsync("/atlases/demo", _cancellation));
        api.Http.DefaultRequestHeaders.Clear();

        var goodbye = await api.Http.PostAsync("/sign-out", null, _cancellation);
        Assert.Equal(HttpStatusCode.Redirect, goodbye.StatusCode);
        Assert.Matches("viz-reading=;.*expires=Thu, 01 Jan 1970", Assert.Single(goodbye.Headers.GetValues("Set-Cookie")));
        Assert.Contains("You have signed out.", await api.Http.GetStringAsync(goodbye.Headers.Location, _cancellation));

        async Task<string> SendAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { { "Cookie", cookie } } };
            return await (await api.Http.SendAsync(request, _cancellation)).Content.ReadAsStringAsync(_cancellation);
        }
    }

    [Fact]
    public async Task A_prediction_without_the_image_or_a_worker_is_refused_in_one_line()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync("/api/v1/atlases/demo/live/images/0/classes", _cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("cannot read the image", await answer.Content.ReadAsStringAsync(_cancellation));
        Assert.Equal(
            HttpStatusCode.NotFound, (await api.Http.GetAsync("/api/v1/atlases/demo/live/images/99/classes", _cancellation)).StatusCode);
    }

    // Returns the version that the page's addresses have.
    private async Task<string> FinishAsync(ApiHost api, int hour)
    {
        await using (var catalog = api.Database.Open())
        {
            var row = (await catalog.FindAtlasAsync("demo", _cancellation))!;
            (row.State, row.FinishedAt) = (AtlasState.Completed, DateTime.UnixEpoch.AddHours(hour));
            catalog.Update(row);
            await catalog.SaveChangesAsync(_cancellation);
        }
        // Pictures use an atlas that was loaded in the last two seconds.
        await Task.Delay(2_200, _cancellation);
        var html = await api.Http.GetStringAsync("/atlases/demo/layers/conv1", _cancellation);
        var tile = Regex.Match(html, "src=\"/atlases/demo/at/([0-9a-f]{16})/tiles/conv1/");
        Assert.True(tile.Success, html);
        Assert.Contains($"data-tiles=\"/atlases/demo/at/{tile.Groups[1].Value}/tiles/conv1/\"", html);
        return tile.Groups[1].Value;
    }
}
