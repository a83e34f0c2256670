using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Api;

/// <summary>Tests who may make, read and change lists of neurons, and that hostile input stays text.</summary>
public sealed class ListEndpointsTests
{
    private const string Lists = "/api/v1/atlases/demo/lists";
    private const string Writer = "0123456789abcdef-write";
    private const string Reader = "0123456789abcdef-read";

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<Engine> Engines => [Engine.Sqlite, Engine.Postgres];

    [Theory, MemberData(nameof(Engines))]
    public async Task A_list_is_made_with_a_key_read_by_its_address_and_changed_with_its_own_key(Engine engine)
    {
        await using var api = await StartAsync(engine);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Post, "", new { title = "Eyes" }));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Post, "", new { title = "Eyes" }, ("X-Api-Key", "wrong-key")));
        var (id, key) = await MakeAsync(api);

        var neuron = $"/{id}/neurons/fire-2fmerge/1";
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(api, HttpMethod.Put, neuron, new { }));
        // A key for reading is none for the lists of others.
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(api, HttpMethod.Put, neuron, new { }, ("X-Api-Key", Reader)));
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(api, HttpMethod.Put, neuron, new { note = "eye" }, ("X-List-Key", key)));
        Assert.Equal(
            HttpStatusCode.NoContent, await StatusAsync(api, HttpMethod.Put, $"/{id}/neurons/conv1/0", new { }, ("X-Api-Key", Writer)));

        var list = await api.GetAsync($"atlases/demo/lists/{id}");
        Assert.Equal(("Eyes", 2), (list.GetProperty("title").GetString(), list.GetProperty("neurons").GetInt32()));
        Assert.Equal(
            [("fire/merge", "eye", "/atlases/demo/neurons/fire-2fmerge/1"), ("conv1", "", "/atlases/demo/neurons/conv1/0")],
            list.GetProperty("items").EnumerateArray().OrderByDescending(row => row.GetProperty("layer").GetString()).Select(row => (
                row.GetProperty("layer").GetString()!, row.GetProperty("note").GetString()!, row.GetProperty("page").GetString()!)));
        var csv = await api.Http.GetStringAsync($"{Lists}/{id}/neurons.csv", _cancellation);
        Assert.Contains("fire/merge,1,,eye,", csv);

        // Only who may change everything sees all lists.
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Get, "", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Get, "", null, ("X-Api-Key", Reader)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(api, HttpMethod.Get, "", null, ("X-Api-Key", Writer)));

        Assert.Equal(
            HttpStatusCode.NoContent, await StatusAsync(api, HttpMethod.Delete, $"/{id}/neurons/conv1/0", null, ("X-List-Key", key)));
        Assert.Equal(
            HttpStatusCode.NoContent, await StatusAsync(api, HttpMethod.Put, $"/{id}", new { title = "Mine" }, ("X-List-Key", key)));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(api, HttpMethod.Delete, $"/{id}", null));
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(api, HttpMethod.Delete, $"/{id}", null, ("X-List-Key", key)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(api, HttpMethod.Get, $"/{id}", null));
    }

    [Fact]
    public async Task Who_has_signed_in_may_make_lists_also_where_reading_is_open()
    {
        await using var api = await StartAsync(Engine.Sqlite);
        Assert.Contains("to star neurons and keep notes", await api.Http.GetStringAsync("/atlases/demo/neurons/conv1/0", _cancellation));
        Assert.Contains("name=\"key\"", await api.Http.GetStringAsync("/sign-in", _cancellation));
        var welcome = await api.Http.PostAsync(
            "/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = Reader }), _cancellation);
        var cookie = Assert.Single(welcome.Headers.GetValues("Set-Cookie")).Split(';')[0];
        Assert.Equal(HttpStatusCode.Created, await StatusAsync(api, HttpMethod.Post, "", new { title = "Eyes" }, ("Cookie", cookie)));
        using var page = new HttpRequestMessage(HttpMethod.Get, "/atlases/demo/neurons/conv1/0") { Headers = { { "Cookie", cookie } } };
        Assert.Contains("data-star-box", await (await api.Http.SendAsync(page, _cancellation)).Content.ReadAsStringAsync(_cancellation));
    }

    [Fact]
    public async Task A_server_without_keys_makes_no_lists_and_offers_none()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Post, "", new { title = "Eyes" }));
        var page = await api.Http.GetStringAsync("/atlases/demo/neurons/conv1/0", _cancellation);
        Assert.DoesNotContain("star-box", page);
        Assert.DoesNotContain("star neurons and keep notes", page);
    }

    [Fact]
    public async Task Private_reading_holds_for_lists_too()
    {
        await using var api = await ApiHost.StartAsync(
            Engine.Sqlite, "--Http:OpenReading=false", $"--Http:ApiKeys:0={Writer}", $"--Http:ReadKeys:0={Reader}");
        var (id, _) = await MakeAsync(api);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, HttpMethod.Get, $"/{id}", null));
        Assert.Equal(HttpStatusCode.Redirect, (await api.Http.GetAsync($"/atlases/demo/lists/{id}", _cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(api, HttpMethod.Get, $"/{id}", null, ("X-Api-Key", Reader)));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Markup_in_titles_and_notes_stays_text(Engine engine)
    {
        const string Hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        await using var api = await StartAsync(engine);
        var (id, key) = await MakeAsync(api, Hostile);
        Assert.Equal(
            HttpStatusCode.NoContent,
            await StatusAsync(api, HttpMethod.Put, $"/{id}/neurons/conv1/0", new { note = $"</textarea>{Hostile}" }, ("X-List-Key", key)));
        var answer = await api.Http.GetAsync($"/atlases/demo/lists/{id}", _cancellation);
        var html = await answer.Content.ReadAsStringAsync(_cancellation);
        Assert.DoesNotContain("<script>alert", html);
        Assert.DoesNotContain("<img src=x", html);
        Assert.DoesNotContain("</textarea><script", html);
        Assert.Contains("&lt;script&gt;alert(1)", html);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Contains("noindex", answer.Headers.GetValues("X-Robots-Tag"));
        Assert.Contains("script-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Theory]
    [InlineData("{\"title\": \"\"}", 400)]
    [InlineData("{}", 400)]
    [InlineData("null", 400)]
    [InlineData("not json", 400)]
    [InlineData("[1]", 400)]
    [InlineData("{\"title\": \"\\ud800\"}", 400)]
    public async Task Bodies_that_are_no_title_are_refused(string body, int status)
    {
        await using var api = await StartAsync(Engine.Sqlite);
        Assert.Equal(status, await PostAsync(api, body, "application/json"));
    }

    [Fact]
    public async Task Only_small_JSON_is_taken_so_no_form_of_another_site_can_make_a_list()
    {
        await using var api = await StartAsync(Engine.Sqlite);
        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
            Assert.InRange(await PostAsync(api, "{\"title\": \"Eyes\"}", type), 400, 499);
        Assert.Equal(413, await PostAsync(api, $"{{\"title\": \"{new string('x', 40_000)}\"}}", "application/json"));
        Assert.Equal(400, await PostAsync(api, $"{{\"title\": \"{new string('x', 201)}\"}}", "application/json"));
    }

    [Theory]
    [InlineData("/atlases/demo/lists/x")]
    [InlineData("/atlases/demo/lists/00000000000000000000000000000000")]
    [InlineData("/api/v1/atlases/demo/lists/%27%20OR%201=1")]
    [InlineData("/api/v1/atlases/demo/lists/00000000000000000000000000000000")]
    [InlineData("/api/v1/atlases/demo/lists/00000000000000000000000000000000/neurons.exe")]
    [InlineData("/api/v1/atlases/nothing/lists/00000000000000000000000000000000")]
    public async Task What_is_no_list_is_not_found(string path)
    {
        await using var api = await StartAsync(Engine.Sqlite);
        Assert.Equal(HttpStatusCode.NotFound, (await api.Http.GetAsync(path, _cancellation)).StatusCode);
    }

    [Fact]
    public async Task Neurons_that_the_atlas_lacks_are_refused()
    {
        await using var api = await StartAsync(Engine.Sqlite);
        var (id, key) = await MakeAsync(api);
        foreach (var neuron in new[] { "conv9/0", "conv1/5", "conv1/99999999" })
            Assert.Equal(
                HttpStatusCode.NotFound, await StatusAsync(api, HttpMethod.Put, $"/{id}/neurons/{neuron}", new { }, ("X-List-Key", key)));
    }

    [Fact]
    public async Task Who_asks_too_often_has_to_wait()
    {
        await using var api = await StartAsync(Engine.Sqlite);
        var answers = await Task.WhenAll(Enumerable.Range(0, 260).Select(
            _ => StatusAsync(api, HttpMethod.Get, "/00000000000000000000000000000000", null)));
        Assert.Contains(HttpStatusCode.NotFound, answers);
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
    }

    private static Task<ApiHost> StartAsync(Engine engine) =>
        ApiHost.StartAsync(engine, $"--Http:ApiKeys:0={Writer}", $"--Http:ReadKeys:0={Reader}");

    private async Task<(string Id, string Key)> MakeAsync(ApiHost api, string title = "Eyes")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Lists)
        {
            Content = JsonContent.Create(new { title }),
            Headers = { { "X-Api-Key", Reader } },
        };
        var answer = await api.Http.SendAsync(request, _cancellation);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var list = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(_cancellation)).RootElement;
        return (list.GetProperty("id").GetString()!, list.GetProperty("key").GetString()!);
    }

    private async Task<int> PostAsync(ApiHost api, string body, string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var request = new HttpRequestMessage(HttpMethod.Post, Lists) { Content = content, Headers = { { "X-Api-Key", Writer } } };
        return (int)(await api.Http.SendAsync(request, _cancellation)).StatusCode;
    }

    private async Task<HttpStatusCode> StatusAsync(
        ApiHost api, HttpMethod method, string path, object? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Lists + path) { Content = body is null ? null : JsonContent.Create(body) };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return (await api.Http.SendAsync(request, _cancellation)).StatusCode;
    }
}
