using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Cli;

namespace VizPipeline.Tests.Atlas.Api;

/// <summary>
/// Tests the REST API on both databases: pages are complete and in order, filters select the right rows, and errors name the problem.
/// </summary>
public sealed class AtlasApiTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public static TheoryData<Engine> Engines => [Engine.Sqlite, Engine.Postgres];

    [Theory, MemberData(nameof(Engines))]
    public async Task Pages_of_neurons_are_complete_and_in_order_whatever_they_are_sorted_by(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var all = await api.AllAsync("atlases/demo/neurons", 500);
        Assert.Equal(FilledCatalog.Spec.Layers.Sum(layer => layer.Channels), all.Count);
        string[] sorts =
        [
            "layer", "max", "-max", "-class_selectivity", "fraction_positive", "-top_purity", "-q999", "standard_deviation",
            "active_images",
        ];
        foreach (var sort in sorts)
        {
            var name = sort.TrimStart('-');
            var paged = (await api.AllAsync($"atlases/demo/neurons?sort={sort}", 2)).Select(Id).ToList();
            var places = all.Select((row, place) => (row, place))
                .Where(row => name == "layer" || row.row.GetProperty(name).ValueKind != JsonValueKind.Null);
            double Value(JsonElement row) => name == "layer" ? 0 : row.GetProperty(name).GetDouble();
            var expected = sort.StartsWith('-')
                ? places.OrderByDescending(row => Value(row.row)).ThenBy(row => row.place)
                : places.OrderBy(row => Value(row.row)).ThenBy(row => row.place);
            Assert.Equal(expected.Select(row => Id(row.row)), paged);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Filters_keep_what_fulfils_all_of_them(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var all = await api.AllAsync("atlases/demo/neurons", 500);
        await CheckAsync("where=max>=1", row => Number(row, "max") >= 1);
        await CheckAsync("where=max>0.5&where=max<2&sort=max", row => Number(row, "max") is > 0.5 and < 2);
        await CheckAsync("layer=conv*", row => row.GetProperty("layer").GetString()!.StartsWith("conv", StringComparison.Ordinal));
        await CheckAsync("layer=fire%2Fmerge,logits", row => row.GetProperty("layer").GetString() is "fire/merge" or "logits");
        await CheckAsync("layer=fire-2fmerge", row => row.GetProperty("layer").GetString() == "fire/merge");
        await CheckAsync("dead=true", row => row.GetProperty("dead").ValueKind == JsonValueKind.True);
        await CheckAsync("best_class=1", row => row.GetProperty("best_class").GetString() == "dog");
        await CheckAsync("text=DOG", row => row.GetProperty("best_class").GetString() == "dog");
        await CheckAsync("text=gold", row => row.GetProperty("name").GetString() == "goldfish");

        async Task CheckAsync(string query, Func<JsonElement, bool> fits)
        {
            var found = (await api.AllAsync($"atlases/demo/neurons?{query}", 3)).Select(Id).Order().ToList();
            Assert.Equal(all.Where(fits).Select(Id).Order(), found);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Every_table_comes_whole_in_pages_of_any_length_and_as_a_file(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        foreach (var table in new[] { "neurons", "patches", "pictures", "images", "jobs" })
        {
            var whole = (await api.AllAsync($"atlases/demo/{table}", 500)).Select(row => row.GetRawText()).ToList();
            Assert.NotEmpty(whole);
            Assert.Equal(whole, (await api.AllAsync($"atlases/demo/{table}", 4)).Select(row => row.GetRawText()));
            Assert.Equal(whole.Count, whole.Distinct().Count());
        }
        foreach (var table in AtlasExport.Tables)
        {
            var lines = await api.Http.GetStringAsync($"/api/v1/atlases/demo/export/{table}.jsonl", _cancellation);
            // This atlas has no profiles, and each neuron has an endpoint of its own for those like it.
            if (table == SimilarExport.Table.Name)
            {
                Assert.Empty(lines);
                continue;
            }
            var rows = table switch
            {
                "layers" => await ItemsAsync("layers"),
                "facets" => await ItemsAsync("layers/conv1/neurons/0/facets"),
                _ => await api.AllAsync($"atlases/demo/{table}", 500),
            };
            Assert.NotEmpty(rows);
            Assert.Equal(
                rows.Select(row => JsonSerializer.Serialize(row)),
                lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Serialize(JsonDocument.Parse(line).RootElement)));
            foreach (var ending in new[] { "csv", "parquet" })
                Assert.NotEmpty(await api.Http.GetByteArrayAsync($"/api/v1/atlases/demo/export/{table}.{ending}", _cancellation));
        }

        async Task<List<JsonElement>> ItemsAsync(string path) =>
            [.. (await api.GetAsync($"atlases/demo/{path}")).GetProperty("items").EnumerateArray()];
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Rows_are_found_by_neuron_image_class_kind_and_state(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        var patches = await api.AllAsync("atlases/demo/patches", 500);
        Assert.Equal(9, (await api.AllAsync("atlases/demo/patches?layer=conv1&channel=2", 500)).Count);
        var image = patches[0].GetProperty("image").GetString()!;
        var index = int.Parse(Path.GetFileNameWithoutExtension(image), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(
            patches.Count(row => row.GetProperty("image").GetString() == image),
            (await api.AllAsync($"atlases/demo/patches?image={index}", 2)).Count);
        Assert.All(
            await api.AllAsync("atlases/demo/pictures?method=ascent&status=best_at_step", 3),
            row => Assert.Equal("ascent", row.GetProperty("method").GetString()));
        Assert.All(await api.AllAsync("atlases/demo/images?class=1", 3), row => Assert.Equal("dog", row.GetProperty("class").GetString()));
        Assert.NotEmpty(await api.AllAsync("atlases/demo/images?unreadable=true", 3));
        Assert.Contains(
            "out of memory",
            Assert.Single(await api.AllAsync("atlases/demo/jobs?state=failed&kind=filters", 3)).GetProperty("error").GetString());
        var one = await api.GetAsync($"atlases/demo/images/{index}");
        Assert.Equal(patches.Count(row => row.GetProperty("image").GetString() == image), one.GetProperty("places").GetInt32());
        Assert.Equal(
            ["cat", "dog"],
            (await api.GetAsync("atlases/demo/classes")).GetProperty("items").EnumerateArray()
            .Select(row => row.GetProperty("name").GetString()));
        var neuron = await api.GetAsync("atlases/demo/layers/fire-2fmerge/neurons/3");
        Assert.Equal(
            ("fire/merge", 3, 9),
            (neuron.GetProperty("layer").GetString(), neuron.GetProperty("channel").GetInt32(),
            neuron.GetProperty("patches").GetArrayLength()));
        Assert.Equal("demo", (await api.GetAsync("atlases")).GetProperty("items")[0].GetProperty("atlas").GetString());
        Assert.Equal(3, (await api.GetAsync("atlases/demo")).GetProperty("layers").GetArrayLength());
        Assert.Empty((await api.GetAsync("atlases/demo/layers/conv1/neurons/0/similar")).GetProperty("items").EnumerateArray());
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Facets_come_by_number_with_the_files_of_their_pictures(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        await using (var context = api.Database.Open())
        {
            var layer = await context.Layers.SingleAsync(row => row.Name == "conv1", _cancellation);
            foreach (var number in (int[])[2, 1])
                context.Facets.Add(new Facet
                {
                    LayerId = layer.Id,
                    Channel = 3,
                    Number = number,
                    Images = 2,
                    Share = 0.5,
                    Silhouette = 0.4,
                    MeanActivation = number,
                    ImageIndices = [number, 5 + number],
                });
            context.Pictures.Add(new Picture
            {
                LayerId = layer.Id,
                Channel = 3,
                Method = PictureMethod.Facets,
                Variant = FacetPicture.Variant(2, FacetPicture.Ascent),
                Key = AtlasKeys.FacetPicture("demo", "conv1", 3, 2, FacetPicture.Ascent),
                Parameters = "{}",
                Status = "done",
                Activation = 7,
                Objective = [],
            });
            await context.SaveChangesAsync(_cancellation);
        }
        var facets = (await api.GetAsync("atlases/demo/layers/conv1/neurons/3/facets")).GetProperty("items");
        Assert.Equal([1, 2], facets.EnumerateArray().Select(row => row.GetProperty("facet").GetInt32()));
        Assert.Equal([2, 7], facets[1].GetProperty("image_indices").EnumerateArray().Select(image => image.GetInt32()));
        Assert.Equal("pictures/conv1/facets/00003.facet2.ascent.png", facets[1].GetProperty("ascent_file").GetString());
        Assert.Equal(7, facets[1].GetProperty("ascent_activation").GetDouble());
        Assert.Equal(JsonValueKind.Null, facets[0].GetProperty("ascent_file").ValueKind);
        var neuron = await api.GetAsync("atlases/demo/layers/conv1/neurons/3");
        Assert.Equal(facets.GetRawText(), neuron.GetProperty("facets").GetRawText());
        Assert.Empty((await api.GetAsync("atlases/demo/layers/conv1/neurons/2/facets")).GetProperty("items").EnumerateArray());
        var lines = (await api.Http.GetStringAsync("/api/v1/atlases/demo/export/facets.jsonl", _cancellation)).Trim().Split('\n');
        Assert.Equal(2, lines.Count(line => line.Contains("\"channel\":3,", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("atlases/nope/layers", 404, "no atlas 'nope'")]
    [InlineData("atlases/..%2f..%2fetc/layers", 404, "no atlas")]
    [InlineData("atlases/demo/layers/nope", 404, "no layer 'nope'")]
    [InlineData("atlases/demo/layers/conv1/neurons/99", 404, "no neuron 99")]
    [InlineData("atlases/demo/images/999", 404, "no image 999")]
    [InlineData("atlases/demo/neurons?layer=nope", 400, "layer: atlas 'demo' has no layer 'nope'; it has conv1")]
    [InlineData("atlases/demo/neurons?sort=size", 400, "sort: there is no statistic 'size'; use one of mean")]
    [InlineData("atlases/demo/neurons?where=max", 400, "where: 'max' is not a condition")]
    [InlineData("atlases/demo/neurons?where=max>NaN", 400, "is not a condition")]
    [InlineData("atlases/demo/neurons?where=size>1", 400, "where: there is no statistic 'size'")]
    [InlineData("atlases/demo/neurons?limit=0", 400, "limit: 0 is not from 1 to 500")]
    [InlineData("atlases/demo/neurons?limit=many", 400, "limit: 'many' has the wrong type")]
    [InlineData("atlases/demo/neurons?after=1.2.3", 400, "after: '1.2.3' is not a cursor")]
    [InlineData("atlases/demo/neurons?sort=max&after=1.2", 400, "after: '1.2' is not a cursor")]
    [InlineData("atlases/demo/patches?after=x", 400, "after: 'x' is not a cursor")]
    [InlineData("atlases/demo/jobs?after=-9223372036854775808", 400, "is not a cursor")]
    [InlineData("atlases/demo/neurons?limt=3", 400, "no parameter 'limt'")]
    [InlineData("atlases/demo/pictures?method=%00", 400, "a NUL character")]
    [InlineData("atlasses", 404, "no GET endpoint at this address")]
    [InlineData("atlases/demo/jobs?kind=paint", 400, "kind: 'paint' is not one of scan")]
    [InlineData("atlases/demo/export/neurons.xml", 404, "layers, neurons, patches, pictures")]
    [InlineData("atlases/demo/export/..%2fspec.json", 404, "There is no such file")]
    [InlineData("compare/layers?one=demo&other=nope", 404, "no atlas 'nope'")]
    public async Task What_is_wrong_is_said_in_one_line_of_problem_json(string path, int status, string told)
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var answer = await api.Http.GetAsync($"/api/v1/{path}", _cancellation);
        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var detail = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(_cancellation)).RootElement.GetProperty("detail")
            .GetString()!;
        Assert.Contains(told, detail);
        Assert.DoesNotContain('\n', detail);
    }

    [Fact]
    public async Task Who_has_an_answer_already_gets_no_second_copy()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var first = await api.Http.GetAsync("/api/v1/atlases/demo/neurons?sort=-max", _cancellation);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/v1/atlases/demo/neurons?sort=-max");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        var second = await api.Http.SendAsync(again, _cancellation);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(_cancellation));
    }

    [Fact]
    public async Task The_description_names_every_endpoint_its_parameters_and_columns()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        var description = await api.GetAsync("openapi.json");
        var paths = description.GetProperty("paths");
        foreach (var path in new[] { "/api/v1/atlases/{atlas}/neurons", "/api/v1/atlases/{atlas}/live/responses", "/api/v1/compare/neurons",
            "/api/v1/atlases/{atlas}/layers/{layer}/neurons/{channel}/similar",
            "/api/v1/atlases/{atlas}/layers/{layer}/neurons/{channel}/facets" })
            Assert.True(paths.TryGetProperty(path, out _), path);
        Assert.All(paths.EnumerateObject(), path => Assert.StartsWith("/api/v1/", path.Name));
        var neurons = paths.GetProperty("/api/v1/atlases/{atlas}/neurons").GetProperty("get");
        Assert.Contains(
            "class_selectivity>=0.5",
            neurons.GetProperty("parameters").EnumerateArray().Single(of => of.GetProperty("name").GetString() == "where")
            .GetProperty("description").GetString());
        var columns = neurons.GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json")
            .GetProperty("schema").GetProperty("properties").GetProperty("items").GetProperty("items").GetProperty("properties");
        Assert.Equal(NeuronExport.Table.Columns.Select(column => column.Name), columns.EnumerateObject().Select(column => column.Name));
        // Each endpoint has a summary.
        foreach (var path in paths.EnumerateObject())
            Assert.All(path.Value.EnumerateObject(), verb => Assert.NotEmpty(verb.Value.GetProperty("summary").GetString()!));
    }

    [Fact]
    public async Task Everything_of_a_neuron_comes_as_one_archive()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        await api.Store.PutAsync(
            AtlasKeys.Picture("demo", "conv1", "top9", 1), new byte[] { 1, 2, 3 }, _cancellation);
        await using var stream = await api.Http.GetStreamAsync("/api/v1/atlases/demo/layers/conv1/neurons/1/bundle.zip", _cancellation);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, _cancellation);
        using var zip = new ZipArchive(memory);
        Assert.Equal(["neuron.json", "patches.csv", "top9.png"], zip.Entries.Select(entry => entry.FullName));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Two_atlases_differ_where_their_top_patches_do(Engine engine)
    {
        await using var api = await ApiHost.StartAsync(engine);
        await TwinAsync(api.Database);
        // The output layers differ in width and are matched by their activations: the first atlas's neurons are the last two of the other.
        await api.Store.PutAsync(
            AtlasKeys.LayerProfiles("demo", "logits"),
            new VizPipeline.Jobs.ActivationProfiles(2, [0, 1, 2], [1, 2, 3, 5, 0, 5]).Write(), _cancellation);
        await api.Store.PutAsync(
            AtlasKeys.LayerProfiles("twin", "logits"),
            new VizPipeline.Jobs.ActivationProfiles(3, [0, 1, 2], [0, 0, 9, 2, 4, 6, 7, 1, 7]).Write(), _cancellation);
        var layers = (await api.GetAsync("compare/layers?one=demo&other=twin")).GetProperty("items").EnumerateArray()
            .ToDictionary(row => row.GetProperty("layer").GetString()!);
        Assert.Equal(["conv1", "fire/merge"], layers.Keys.Order());
        Assert.Equal(
            (1.0, 0),
            (layers["fire/merge"].GetProperty("stayed").GetDouble(), layers["fire/merge"].GetProperty("changed_neurons").GetInt32()));
        // Channel 2 keeps only two of its nine patches, the other four channels keep all.
        Assert.Equal((4 + (2 / 9.0)) / 5, layers["conv1"].GetProperty("stayed").GetDouble(), 9);
        Assert.Equal(1, layers["conv1"].GetProperty("changed_neurons").GetInt32());
        var most = (await api.GetAsync("compare/neurons?one=demo&other=twin&limit=1")).GetProperty("items")[0];
        Assert.Equal(
            ("conv1", 2, 2, 9),
            (most.GetProperty("layer").GetString(), most.GetProperty("channel").GetInt32(), most.GetProperty("shared").GetInt32(),
            most.GetProperty("places").GetInt32()));
        var kin = (await api.GetAsync("compare/kin?one=twin&other=demo")).GetProperty("items")[0];
        Assert.Equal(("logits", "logits"), (kin.GetProperty("layer").GetString(), kin.GetProperty("other_layer").GetString()));
        // The cosine of (0, 0, 9) and (1, 2, 3) is the root of 3/4; the other two equal a neuron there except for scale and offset.
        Assert.Equal((Math.Sqrt(0.75) + 2) / 3, kin.GetProperty("similarity").GetDouble(), 5);
        var page = await api.Http.GetStringAsync("/compare?one=demo&other=twin", _cancellation);
        Assert.Contains("2 of 9 kept", page);
        Assert.Contains("1 of 9 neurons changed", page);
        // Neurons that keep their whole top 9 did not change.
        Assert.Single((await api.GetAsync("compare/neurons?one=demo&other=twin")).GetProperty("items").EnumerateArray());
        Assert.DoesNotContain("9 of 9 kept", page);
        Assert.Contains(
            "Nothing changed:",
            await api.Http.GetStringAsync("/compare?one=demo&other=twin&layer=fire%2Fmerge", _cancellation));
        Assert.Contains("Only in A sample: logits", page);
    }

    [Fact]
    public async Task A_layer_that_is_not_merged_yet_has_not_changed()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        await TwinAsync(api.Database, layers: ["conv1"]);
        var layers = (await api.GetAsync("compare/layers?one=demo&other=twin")).GetProperty("items").EnumerateArray()
            .ToDictionary(row => row.GetProperty("layer").GetString()!);
        Assert.Equal(JsonValueKind.Null, layers["fire/merge"].GetProperty("stayed").ValueKind);
        Assert.Equal(0, layers["fire/merge"].GetProperty("changed_neurons").GetInt32());
        Assert.Contains("not merged yet", await api.Http.GetStringAsync("/compare?one=demo&other=twin", _cancellation));
    }

    [Fact]
    public async Task What_no_page_has_is_a_page_that_says_so()
    {
        await using var api = await ApiHost.StartAsync(Engine.Sqlite);
        Assert.Contains("conv1 4", await api.Http.GetStringAsync("/atlases/demo/search?where=max>=0,mean<1e9&layer=conv1", _cancellation));
        foreach (var path in new[] { "/atlases/demo/search?where=size>1", "/atlases/demo/classes/-1", "/atlases/demo/classes/77",
            "/atlases/demo/search?after=x", "/atlases/demo/images/-1" })
        {
            var answer = await api.Http.GetAsync(path, _cancellation);
            Assert.True((int)answer.StatusCode is 400 or 404, $"{path}: {answer.StatusCode}");
            Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Theory]
    [InlineData(true, "public")]
    [InlineData(false, "private")]
    public async Task Proxies_keep_pictures_only_where_everybody_may_see_them(bool open, string who)
    {
        const string Key = "0123456789abcdef-read";
        await using var api = await ApiHost.StartAsync(Engine.Sqlite, $"--Http:OpenReading={open}", $"--Http:ReadKeys:0={Key}");
        var key = AtlasKeys.Picture("demo", "conv1", "top9", 1);
        await api.Store.PutAsync(key, new byte[] { 1, 2, 3 }, _cancellation);
        api.Http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        var answer = await api.Http.GetAsync($"/atlases/demo/pictures/{key["atlases/demo/".Length..]}", _cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(who, answer.Headers.CacheControl!.ToString());
        // The atlas is not finished, so its pictures may change.
        Assert.DoesNotContain("immutable", answer.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task The_terminal_reads_and_writes_lists_of_a_server()
    {
        const string Writer = "0123456789abcdef-write";
        const string Reader = "0123456789abcdef-read";
        await using var api = await ApiHost.StartAsync(Engine.Sqlite, $"--Http:ApiKeys:0={Writer}", $"--Http:ReadKeys:0={Reader}");
        var address = $"{api.Http.BaseAddress}atlases/demo";
        try
        {
            (await NotesAsync("--new", "Eyes")).ComplainedOf("needs a key");
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", Reader);
            var made = (await NotesAsync("--new", "Eyes")).Succeeded().Output.Split('\n');
            var (id, key) = (made[0].Split(' ')[1], made[1].Split(' ', ':')[1]);
            (await NotesAsync()).ComplainedOf("all lists are shown only to callers with an API key");
            (await NotesAsync("--list", id, "--add", "fire/merge:1", "--note", "eye")).ComplainedOf("changing a list needs its key");
            Environment.SetEnvironmentVariable("VIZ_LIST_KEY", key);
            (await NotesAsync("--list", id, "--add", "fire/merge:1", "--note", "eye")).Succeeded();
            (await NotesAsync("--list", id, "--add", "conv1:0")).Succeeded();
            (await NotesAsync("--list", id, "--add", "conv1:0", "--note", "edge, \"dark\"")).Succeeded();
            (await NotesAsync("--list", id, "--add", "conv1:9999")).ComplainedOf("has no neuron 9999");
            (await NotesAsync("--list", id, "--add", "conv1")).ComplainedOf("is not a neuron; give LAYER:CHANNEL");
            (await NotesAsync("--add", "conv1:0")).ComplainedOf("need the id of a list");
            var csv = (await NotesAsync("--list", id, "--format", "csv")).Succeeded().Output;
            Assert.Contains($"{id},Eyes,fire/merge,1,eye,", csv, StringComparison.Ordinal);
            Assert.Contains($"{id},Eyes,conv1,0,\"edge, \"\"dark\"\"\",", csv, StringComparison.Ordinal);
            (await NotesAsync("--list", id, "--remove", "fire/merge:1")).Succeeded();
            Environment.SetEnvironmentVariable("VIZ_LIST_KEY", null);
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", Writer);
            csv = (await NotesAsync("--format", "csv")).Succeeded().Output;
            Assert.DoesNotContain("fire/merge", csv, StringComparison.Ordinal);
            Assert.Contains($"{id},Eyes,conv1,0,", csv, StringComparison.Ordinal);
            (await NotesAsync("--list", new string('0', id.Length))).ComplainedOf("list");
        }
        finally
        {
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", null);
            Environment.SetEnvironmentVariable("VIZ_LIST_KEY", null);
        }

        Task<CommandLineRun> NotesAsync(params string[] options) => CommandLineRun.RunAsync(["notes", address, .. options]);
    }

    [Fact]
    public async Task The_terminals_query_shows_a_reading_key_and_never_the_one_that_may_change_things()
    {
        const string Key = "0123456789abcdef-read";
        await using var api = await ApiHost.StartAsync(Engine.Sqlite, "--Http:OpenReading=false", $"--Http:ReadKeys:0={Key}");
        var address = $"{api.Http.BaseAddress}atlases/demo";
        try
        {
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", Key);
            (await CommandLineRun.RunAsync("query", address, "--limit", "1")).Succeeded();
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", null);
            (await CommandLineRun.RunAsync("query", address, "--limit", "1")).ComplainedOf("an API key is needed", "VIZ_ATLAS_KEY");
        }
        finally
        {
            Environment.SetEnvironmentVariable("VIZ_ATLAS_KEY", null);
        }
    }

    [Fact]
    public async Task Where_reading_is_closed_a_browser_shows_its_key_once()
    {
        const string Key = "0123456789abcdef-key";
        await using var api = await ApiHost.StartAsync(Engine.Sqlite, "--Http:OpenReading=false", $"--Http:ApiKeys:0={Key}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.Http.GetAsync("/api/v1/atlases", _cancellation)).StatusCode);
        foreach (var path in new[] { "/", "/atlases/demo", "/atlases/demo/tiles/conv1/top1/00000.jpg", "/atlases/demo/pictures/x.png",
            "/reference" })
        {
            var refused = await api.Http.GetAsync(path, _cancellation);
            Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
            Assert.StartsWith("/sign-in?to=", refused.Headers.Location!.OriginalString);
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await SignInAsync("0123456789abcdef-wrong", "/")).StatusCode);
        var welcome = await SignInAsync(Key, "/atlases/demo");
        Assert.Equal("/atlases/demo", welcome.Headers.Location?.OriginalString);
        var cookie = Assert.Single(welcome.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Key, cookie);
        foreach (var path in new[] { "/atlases/demo", "/api/v1/atlases" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Cookie", cookie.Split(';')[0] } } };
            Assert.Equal(HttpStatusCode.OK, (await api.Http.SendAsync(request, _cancellation)).StatusCode);
        }
        // No redirect to another host.
        foreach (var elsewhere in new[] { "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)" })
            Assert.Equal("/", (await SignInAsync(Key, elsewhere)).Headers.Location?.OriginalString);

        Task<HttpResponseMessage> SignInAsync(string key, string to) =>
            api.Http.PostAsync(
                "/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = key, ["to"] = to }), _cancellation);
    }

    // The same images, but channel 2 of conv1 has different top patches, and the output layer has a different width.
    private static async Task TwinAsync(CatalogDatabase database, string[]? layers = null)
    {
        var spec = FilledCatalog.Spec with
        {
            Id = "twin",
            Layers = [.. FilledCatalog.Spec.Layers.Select(layer => layer.Name == "logits" ? layer with { Channels = 3 } : layer)],
        };
        await using var context = database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        var images = new VizPipeline.Jobs.ImageList(
            [.. Enumerable.Range(0, spec.Images.Count).Select(i => new VizPipeline.Jobs.ImageEntry($"{i}.png", i % 2))]);
        var atlas = await AtlasCreation.CreateAsync(context, spec, images, JobPlan.For(spec), DateTime.UnixEpoch, default);
        foreach (var layer in spec.Layers.Where(layer => layers?.Contains(layer.Name) != false))
        {
            var table = VizPipeline.Tests.Jobs.ResultSamples.Layer(spec, layer.Index);
            // Fewer than nine, because the set has only ten images.
            table = table with
            {
                Patches = [.. table.Patches.Where(patch => layer.Name != "conv1" || patch.Channel != 2 || patch.Rank <= 2)],
            };
            var job = context.Jobs.First(
                row => row.AtlasId == atlas.Id && row.Kind == VizPipeline.Jobs.JobKind.Merge && row.LayerIndex == layer.Index);
            await ResultIngest.IngestAsync(context, job, VizPipeline.Jobs.VizJson.Write(table), default);
        }
        await transaction.CommitAsync();
    }

    private static double? Number(JsonElement row, string name) =>
        row.GetProperty(name).ValueKind == JsonValueKind.Null ? null : row.GetProperty(name).GetDouble();

    private static string Id(JsonElement row) => $"{row.GetProperty("layer").GetString()} {row.GetProperty("channel").GetInt32()}";
}
