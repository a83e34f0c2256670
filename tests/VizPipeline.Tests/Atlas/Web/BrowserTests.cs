using Microsoft.Playwright;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests the pages in a real browser.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class BrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    private static readonly string[] Pages =
    [
        "", "/layers/conv1", "/layers/conv3", "/layers/logits", "/neurons/conv1/0", "/neurons/conv3/63", "/neurons/logits/3", "/classes",
        "/classes/0", "/images/0", "/search",
        "/search?text=ball&dead=false", "/live", "/lists",
    ];

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task Every_page_loads_without_an_error_or_a_foreign_request_and_fits_the_window(int width)
    {
        await using var watched = await served.OpenAsync(width);
        foreach (var page in Pages.Select(page => served.Atlas + page)
            .Concat([served.Address + "/", served.Address + "/reference", served.Address + "/sign-in",
            served.Address + "/search?text=ball",
            served.Address + "/compare?one=sample-network&other=sample-network"]))
        {
            var answer = await watched.Page.GotoAsync(page, new() { WaitUntil = WaitUntilState.NetworkIdle });
            Assert.Equal(200, answer!.Status);
            Assert.Equal(1, await watched.Page.Locator("h1").CountAsync());
            await watched.FitsAsync();
            // Each picture has an alternative text, and each field a label.
            Assert.Equal(0, await watched.Page.Locator("img:not([alt])").CountAsync());
            Assert.Equal(
                0, await watched.Page.EvaluateAsync<int>(
                    "[...document.querySelectorAll('input:not([type=hidden]),select,button')].filter(e => !e.labels?.length && "
                    + "!e.textContent.trim() && !e.getAttribute('aria-label') && !e.querySelector('img')?.alt).length"));
        }
        watched.IsClean();
    }

    [Fact]
    public async Task Tiles_change_sort_and_filter_and_the_address_remembers_it()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv3");
        var tiles = page.Locator(".grid .tile:visible");
        Assert.Equal(64, await tiles.CountAsync());
        Assert.Contains("/top1/00000.jpg", await tiles.First.Locator("img").GetAttributeAsync("src"));
        await page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync();
        Assert.Contains("/deconv/00000.jpg", await tiles.First.Locator("img").GetAttributeAsync("src"));
        await page.Locator("[data-sort]").SelectOptionAsync("-max");
        var largest = await page.EvaluateAsync<double[]>(
            "[...document.querySelectorAll('.grid .tile')].map(tile => Number(tile.dataset.max))");
        Assert.Equal(largest.OrderDescending(), largest);
        await page.ReloadAsync();
        Assert.Contains("/deconv/", await tiles.First.Locator("img").GetAttributeAsync("src"));
        Assert.Equal("-max", await page.Locator("[data-sort]").InputValueAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "Filter" }).ClickAsync();
        await page.WaitForFunctionAsync(
            "() => document.querySelector('.grid .tile img').src.includes('/filter/') && document.querySelector('.grid .tile "
            + "img').naturalWidth > 0");
        await page.Locator("[data-find]").FillAsync("no such class");
        Assert.Equal(0, await tiles.CountAsync());
        await page.Locator("[data-reset]").ClickAsync();
        Assert.Equal(64, await tiles.CountAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task The_first_page_shows_pictures_of_each_atlas()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Address + "/", new() { WaitUntil = WaitUntilState.NetworkIdle });
        // Three neurons of each of the four layers.
        Assert.Equal(12, await page.Locator(".card .cover img").CountAsync());
        Assert.True(await page.EvaluateAsync<bool>("[...document.querySelectorAll('.cover img')].every(image => image.naturalWidth > 0)"));
        await page.FollowAsync(() => page.Locator(".card").First.ClickAsync(), served.Atlas);
        watched.IsClean();
    }

    [Fact]
    public async Task A_tile_never_shows_the_view_before_and_a_failed_one_is_tried_again()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        var (isHeld, failures) = (new TaskCompletionSource(), 0);
        await page.RouteAsync("**/tiles/conv3/deconv/*.jpg", async route =>
        {
            await isHeld.Task;
            if (route.Request.Url.EndsWith("/00005.jpg", StringComparison.Ordinal) && Interlocked.Increment(ref failures) <= 2)
                await route.FulfillAsync(new() { Status = 503 });
            else
                await route.ContinueAsync();
        });
        await page.GotoAsync(served.Atlas + "/layers/conv3", new() { WaitUntil = WaitUntilState.NetworkIdle });

        await page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync();
        Assert.Equal("0", await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.grid .tile img')).opacity"));
        isHeld.SetResult();
        var tile = page.Locator(".grid .tile[data-c='5']");
        await page.Locator(".grid .tile.failed[data-c='5']").WaitForAsync();
        await page.WaitForFunctionAsync(
            "() => { const tile = document.querySelector(\".grid .tile[data-c='5']\");"
            + "return !tile.classList.contains('failed') && tile.querySelector('img').naturalWidth > 0; }");
        Assert.Equal(0, await page.Locator(".grid .tile.wait img:visible").CountAsync());
        Assert.True(await tile.Locator("img").IsVisibleAsync());
    }

    [Fact]
    public async Task Choices_stay_on_the_next_page_and_captions_keep_the_channel()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv1");
        await page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync();
        await page.Locator("[data-sort]").SelectOptionAsync("-max");
        await page.FollowAsync("]", "**/layers/conv3");
        Assert.Equal("-max", await page.Locator("[data-sort]").InputValueAsync());
        Assert.Contains("/deconv/", await page.Locator(".grid .tile img").First.GetAttributeAsync("src"));

        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        await page.GetByRole(AriaRole.Radio, new() { Name = "Magnitude" }).ClickAsync();
        await page.FollowAsync("]", "**/neurons/conv3/6");
        Assert.Equal("true", await page.GetByRole(AriaRole.Radio, new() { Name = "Magnitude" }).GetAttributeAsync("aria-checked"));
        // Whatever the length of the layer's name, the channel is inside the tile.
        Assert.True(await page.EvaluateAsync<bool>(
            "[...document.querySelectorAll('.tile .parts b')].every(channel => channel.getBoundingClientRect().right <= "
            + "channel.closest('.tile').getBoundingClientRect().right + 1)"));
        await page.Locator("abbr", new() { HasText = "active on" }).ClickAsync();
        Assert.Contains("share of images", await page.Locator(".explained").InnerTextAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task A_patch_and_its_deconvolution_enlarge_together_and_change_their_drawing()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv4/5");
        Assert.Equal(9, await page.Locator("[data-pair]").CountAsync());
        Assert.Equal(18, await page.Locator("[data-pair] .cut").CountAsync());
        // Both show the same part of their pictures.
        Assert.True(await page.EvaluateAsync<bool>(
            "[...document.querySelectorAll('[data-pair]')].every(pair => new Set([...pair.querySelectorAll('.cut')]"
            + ".map(cut => cut.getAttribute('viewBox'))).size === 1)"));
        var crop = await page.Locator("[data-pair] .cut").First.GetAttributeAsync("viewBox");

        await page.Locator("[data-pair='1']").PressAsync("Enter");
        var viewer = page.Locator("dialog.viewer");
        Assert.True(await viewer.IsVisibleAsync());
        Assert.Contains("1.", await viewer.Locator("[data-viewer-caption]").InnerTextAsync());
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Contains("2.", await viewer.Locator("[data-viewer-caption]").InnerTextAsync());
        Assert.Equal(2, await viewer.Locator(".cut:visible").CountAsync());
        await page.Keyboard.PressAsync("Escape");
        Assert.False(await viewer.IsVisibleAsync());
        // The browser gives the focus back before it tells the page that the dialog is closed.
        await Assertions.Expect(page.Locator("[data-pair='2']")).ToBeFocusedAsync();

        Assert.Equal(0, await page.Locator(".as-lit:visible").CountAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "Lit patch" }).ClickAsync();
        Assert.Equal(9, await page.Locator(".as-lit:visible").CountAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "Whole field" }).ClickAsync();
        Assert.NotEqual(crop, await page.Locator("[data-pair] .cut").First.GetAttributeAsync("viewBox"));
        await page.GetByRole(AriaRole.Radio, new() { Name = "Whole image" }).ClickAsync();
        Assert.Equal(9, await page.Locator(".whole:visible").CountAsync());
        await page.ReloadAsync();
        Assert.Equal((9, 9), (await page.Locator(".whole:visible").CountAsync(), await page.Locator(".as-lit:visible").CountAsync()));
        watched.IsClean();
    }

    [Fact]
    public async Task The_keyboard_alone_leads_from_the_network_to_a_neuron_and_back()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv1");
        await page.Keyboard.PressAsync("3");
        Assert.Contains("/deconv/", await page.Locator(".tile img").First.GetAttributeAsync("src"));
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowDown");
        var channel = int.Parse((await page.EvaluateAsync<string>("document.activeElement.dataset.c"))!);
        Assert.True(channel > 3, $"{channel}");
        await page.FollowAsync(() => page.Locator(".tile:focus").PressAsync("Enter"), $"**/neurons/conv1/{channel}");
        await page.FollowAsync("ArrowRight", $"**/neurons/conv1/{channel + 1}");
        await page.FollowAsync("u", "**/layers/conv1");
        await page.FollowAsync("]", "**/layers/conv3");
        await page.Keyboard.PressAsync("?");
        Assert.True(await page.Locator("dialog.help").IsVisibleAsync());
        await page.Keyboard.PressAsync("Escape");
        Assert.False(await page.Locator("dialog.help").IsVisibleAsync());
        await page.Keyboard.PressAsync("t");
        var theme = await page.EvaluateAsync<string>("document.documentElement.dataset.theme");
        await page.ReloadAsync();
        Assert.Equal(theme, await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        watched.IsClean();
    }

    [Fact]
    public async Task A_neuron_shows_its_pictures_its_histogram_and_where_its_patches_lie()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5", new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.Equal(2, await page.Locator(".neuron figure").CountAsync());
        // The receptive field and, inside it, the effective field.
        Assert.Equal(18, await page.Locator(".place .box").CountAsync());
        Assert.Equal(32, await page.Locator(".plot .bin").CountAsync());
        Assert.Equal(12, await page.GetByRole(AriaRole.Region, new() { Name = "Similar" }).Locator(".tile").CountAsync());
        var inputs = page.GetByRole(AriaRole.Region, new() { Name = "Inputs" });
        Assert.Equal((8, 0), (await inputs.Locator(".links li").CountAsync(), await inputs.Locator(".kernel:visible").CountAsync()));
        await inputs.Locator("summary").ClickAsync();
        Assert.Equal(8, await inputs.Locator(".kernel:visible").CountAsync());
        Assert.Equal(8, await page.GetByRole(AriaRole.Region, new() { Name = "Outputs" }).Locator("li").CountAsync());
        Assert.Equal(
            0, await page.EvaluateAsync<int>(
                "[...document.images].filter(image => image.loading !== 'lazy' && image.naturalWidth === 0).length"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy" }).Last.ClickAsync();
        Assert.Contains("channel = 5", await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        watched.IsClean();
    }

    [Fact]
    public async Task A_picture_finds_the_neurons_that_fire_most()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/search");
        await page.Locator("[data-picture]")
            .SetInputFilesAsync(
                Directory.GetFiles(served.Material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First());
        await page.Locator("[data-answers] .tile").First.WaitForAsync();
        Assert.InRange(await page.Locator("[data-answers] .tile").CountAsync(), 20, 60);
        Assert.Contains("The network says", await page.Locator("[data-status]").TextContentAsync());
        await page.FollowAsync(() => page.Locator("[data-answers] .tile").First.ClickAsync(), "**/neurons/**");
        watched.IsClean();
    }

    [Fact]
    public async Task Two_atlases_are_compared_layer_by_layer()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Address + "/compare?one=sample-network&other=sample-network");
        Assert.Equal(4, await page.Locator(".compare-table tbody tr").CountAsync());
        await page.FollowAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "conv3", Exact = true }).ClickAsync(), "**layer=conv3");
        // What stayed whole is not listed as changed.
        Assert.Equal(0, await page.Locator(".twins > div").CountAsync());
        Assert.Contains("Nothing changed: all 64 neurons", await page.Locator("main").InnerTextAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task What_there_is_not_is_said_on_a_page()
    {
        await using var watched = await served.OpenAsync();
        watched.Allowed.Add("/");
        foreach (var (path, text) in new[] { ("/atlases/none-such", "no atlas"), ("/atlases/sample-network/layers/nope", "no layer"),
            ("/atlases/sample-network/neurons/conv1/999", "no neuron"), ("/nothing", "no such page") })
        {
            var answer = await watched.Page.GotoAsync(served.Address + path);
            Assert.Equal(404, answer!.Status);
            Assert.Contains(text, await watched.Page.Locator("main").TextContentAsync());
        }
    }

    [Fact]
    public async Task A_picture_that_is_none_gets_one_clear_line_and_the_worker_lives_on()
    {
        await using var watched = await served.OpenAsync();
        using var http = new HttpClient();
        foreach (var body in new[] { "no picture"u8.ToArray(), [], new byte[9 << 20], [0xFF, 0xD8, 0xFF, 0xE0, 0, 1] })
        {
            var answer = await http.PostAsync(
                $"{served.Address}/api/v1/atlases/sample-network/live/maps?layer=conv1", new ByteArrayContent(body),
                TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
        var good = new ByteArrayContent(
            await File.ReadAllBytesAsync(
                Directory.GetFiles(served.Material.Images, "*.jpg", SearchOption.AllDirectories)[0],
                TestContext.Current.CancellationToken));
        Assert.True(
            (await http.PostAsync(
                $"{served.Address}/api/v1/atlases/sample-network/live/maps?layer=conv1", good, TestContext.Current.CancellationToken))
                .IsSuccessStatusCode);
    }

    [Fact]
    public async Task No_path_from_an_address_reaches_a_file()
    {
        await using var watched = await served.OpenAsync();
        using var http = new HttpClient();
        foreach (var path in new[] { "pictures/..%2f..%2fatlas.db", "pictures/%2e%2e/%2e%2e/etc/passwd", "pictures/atlas.db",
            "pictures/spec.json", "tiles/conv1/..%2ftop9/00000.jpg", "tiles/conv1/top9/-1.jpg", "crops/..%2f1.jpg",
            "crops/99999999999.jpg" })
        {
            var answer = await http.GetAsync($"{served.Atlas}/{path}", TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        }
        var page = await http.GetAsync(served.Atlas, TestContext.Current.CancellationToken);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.DoesNotContain("unsafe", policy);
        Assert.Contains("script-src 'self'", policy);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_site_without_a_server_opens_from_the_disk(bool withSources)
    {
        await using var watched = await served.OpenAsync();
        var folder = served.Site + withSources;
        var made = await VizProcess.Run(
            ["export", served.Folder, "--format", "site", "--to", folder, .. withSources ? ["--with-sources"] : Array.Empty<string>()]);
        Assert.True(made.ExitCode == 0, made.Error);
        var page = watched.Page;
        await page.GotoAsync($"file://{folder}/index.html");
        await page.GetByRole(AriaRole.Link, new() { Name = "conv3", Exact = true }).First.ClickAsync();
        Assert.Equal(64, await page.Locator(".tile").CountAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync();
        await page.WaitForFunctionAsync(
            "() => document.querySelector('.tile img').naturalWidth > 0 && document.querySelector('.tile img').src.includes('deconv')");
        await page.FollowAsync(() => page.Locator(".tile").Nth(5).ClickAsync(), "**/neurons/conv3/00005.html");
        await watched.ListensAsync();
        Assert.Equal(withSources ? 9 : 0, await page.Locator(".place").CountAsync());
        Assert.Equal(
            0, await page.EvaluateAsync<int>(
                "[...document.images].filter(image => image.loading !== 'lazy' && image.naturalWidth === 0).length"));
        await page.FollowAsync("ArrowRight", "**/neurons/conv3/00006.html");
        watched.IsClean();
        Assert.Equal(withSources, Directory.Exists(Path.Combine(folder, "crops")));
        Assert.Equal(
            withSources,
            Directory.EnumerateFiles(folder, "*.jpg", SearchOption.AllDirectories)
            .Any(file => file.Contains("/top9/", StringComparison.Ordinal)));
        // Every link on every page points to a file of the site.
        foreach (var file in Directory.EnumerateFiles(folder, "*.html", SearchOption.AllDirectories))
            foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(
                await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), "(?:href|src)=\"([^\"#]+)\""))
                Assert.True(
                    File.Exists(Path.Combine(Path.GetDirectoryName(file)!, match.Groups[1].Value)),
                    $"{file} leads to {match.Groups[1].Value}");
    }
}
