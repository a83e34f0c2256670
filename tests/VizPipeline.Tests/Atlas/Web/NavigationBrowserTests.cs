using Microsoft.Playwright;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests in a real browser how one finds one's way: images, search, the header, errors, and what the browser keeps.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class NavigationBrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    // Words of letters and digits that stand on two lines although they fit on one.
    private const string BrokenWords =
        """
        [...document.querySelectorAll('header, main')].flatMap(root => {
          const broken = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = document.createRange();
          while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
            // Hashes and the text of files are no names, and what is folded is not seen.
            if (word[0].length > 24 || walk.currentNode.parentElement.closest('pre, details:not([open]) > :not(summary)')) continue;
            range.setStart(walk.currentNode, word.index); range.setEnd(walk.currentNode, word.index + word[0].length);
            if (new Set([...range.getClientRects()].filter(box => box.width > 0).map(box => Math.round(box.top / 6))).size > 1)
              broken.push(word[0]);
          }
          return broken;
        })
        """;

    [Fact]
    public async Task An_image_marks_where_each_neuron_looks_and_the_other_way_round()
    {
        await using var watched = await served.OpenAsync(1400);
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/images/3", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var boxes = page.Locator(".seen [data-place]");
        var tiles = page.Locator("div[data-place]");
        Assert.InRange(await boxes.CountAsync(), 3, 200);
        Assert.Equal(await boxes.CountAsync(), await tiles.CountAsync());
        Assert.True((await page.Locator(".seen img").BoundingBoxAsync())!.Width > 400);
        // More pixels than the network sees.
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('.seen img').naturalWidth >= 300"));
        // Each box lies inside the picture and leads to the neuron of its tile.
        Assert.True(await page.EvaluateAsync<bool>(
            """
            [...document.querySelectorAll('.seen [data-place]')].every(link => {
              const [box, svg] = [link.querySelector('rect').getBBox(), link.ownerSVGElement.viewBox.baseVal];
              return box.x >= 0 && box.y >= 0 && box.x + box.width <= svg.width && box.y + box.height <= svg.height && box.width > 0
                && link.getAttribute('href') === document.querySelector(`div[data-place='${link.dataset.place}'] a`).getAttribute('href');
            })
            """));

        await tiles.Nth(1).HoverAsync();
        Assert.Equal([await tiles.Nth(1).GetAttributeAsync("data-place")], await LitAsync(page));
        await tiles.Nth(2).Locator("a").FocusAsync();
        Assert.Equal([await tiles.Nth(2).GetAttributeAsync("data-place")], await LitAsync(page));
        // The smallest box lies on top of all others.
        var last = boxes.Last;
        await last.DispatchEventAsync("mouseover");
        Assert.Equal([await last.GetAttributeAsync("data-place")], await LitAsync(page));
        await page.Locator("h1").HoverAsync();
        Assert.Empty(await LitAsync(page));
        // Layers come from early to late.
        var layers = await page.Locator(".group a").AllInnerTextsAsync();
        Assert.InRange(layers.Count, 2, 4);
        Assert.Equal(layers.OrderBy(layer => layer == "logits").ThenBy(layer => layer, StringComparer.Ordinal), layers);
        watched.IsClean();
    }

    [Fact]
    public async Task Any_image_of_a_neuron_shows_what_excites_it_and_bands_and_classes_are_a_click_away()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5/images?at=100");
        var picture = page.Locator(".places img").First;
        var photograph = await picture.GetAttributeAsync("src");
        var button = page.GetByRole(AriaRole.Button, new() { Name = "Show what excites the neuron in them" });
        await button.ClickAsync();
        // Of one of the weakest images, which has no picture: a worker draws it.
        await page.WaitForFunctionAsync(
            "() => { const picture = document.querySelector('.places img');"
                + " return picture.src.startsWith('data:image/png') && picture.naturalWidth > 0; }");
        Assert.Equal("true", await button.GetAttributeAsync("aria-pressed"));
        await button.ClickAsync();
        Assert.Equal(photograph, await picture.GetAttributeAsync("src"));
        // It is kept, so the next one who asks needs no worker.
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(served.Folder, "exemplars", "conv3"), "00005-*.json"));

        await page.FollowAsync(
            () => page.GetByRole(AriaRole.Link, new() { Name = "A few of every band" }).ClickAsync(), "**/images?by=bands");
        Assert.Equal(8, await page.Locator("main section").CountAsync());
        Assert.Equal("Top 0.1 %", (await page.Locator("main section h2").First.InnerTextAsync())[..9]);
        Assert.InRange(await page.Locator(".places img").CountAsync(), 8, 24);
        await page.FollowAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Best classes" }).ClickAsync(), "**/images?by=classes");
        Assert.Equal(15, await page.Locator(".places img").CountAsync());
        watched.IsClean();
    }

    private static async Task<string[]> LitAsync(IPage page)
    {
        var lit = await page.EvaluateAsync<string[]>("[...document.querySelectorAll('.lit')].map(part => part.dataset.place)");
        // The box and the tile.
        Assert.Equal(2 * lit.Distinct().Count(), lit.Length);
        return [.. lit.Distinct()];
    }

    [Fact]
    public async Task The_network_says_what_it_sees_in_an_image_or_one_line_says_why_not()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/images/3");
        await page.Locator(".predictions meter").First.WaitForAsync();
        var shares = await page.EvaluateAsync<double[]>("[...document.querySelectorAll('.predictions meter')].map(meter => meter.value)");
        Assert.Equal(5, shares.Length);
        Assert.Equal(shares.OrderDescending(), shares);
        Assert.InRange(shares.Sum(), 0.2, 1.001);
        await page.FollowAsync(() => page.Locator(".predictions a").First.ClickAsync(), "**/neurons/logits/*");
        watched.IsClean();

        watched.Allowed.Add("/live/images/");
        await page.RouteAsync("**/live/images/**", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Body = """{"title": "Service unavailable", "detail": "no worker answered within 15 s"}""",
        }));
        await page.GotoAsync(served.Atlas + "/images/3");
        await page.GetByText("No prediction: no worker answered within 15 s.").WaitForAsync();
        Assert.Equal(0, await page.Locator(".predictions li").CountAsync());
    }

    [Fact]
    public async Task The_header_finds_an_output_by_its_name_and_every_search_shows_the_same_card()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv3");
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("ball");
        await page.FollowAsync("Enter", "**/search?text=ball");
        Assert.Equal("ball", await page.Locator("[data-find-all]").InputValueAsync());
        var first = page.Locator(".tile").First;
        Assert.Equal("logits", await first.Locator(".start").InnerTextAsync());
        Assert.Contains("ball", await first.Locator(".own").InnerTextAsync());
        var parts = await CardAsync(page, ".tile");

        await page.FollowAsync(
            () => page.GetByRole(AriaRole.Link, new() { Name = "in sample-network" }).ClickAsync(),
            "**/atlases/sample-network/search?text=ball");
        Assert.Equal(parts, await CardAsync(page, ".tile"));
        Assert.Equal("ball", await page.GetByLabel("Class or name").InputValueAsync());
        Assert.Contains("ball", await page.Locator(".tile .own").First.InnerTextAsync());

        await page.Locator("[data-picture]").SetInputFilesAsync(
            Directory.GetFiles(served.Material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First());
        await page.Locator("[data-answers] .tile").First.WaitForAsync();
        Assert.Contains(parts, await page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('[data-answers] .tile')].map(tile => [...tile.querySelectorAll('*')]"
            + ".map(part => part.tagName + '.' + part.className).join(' ').replace(' SMALL.own', ''))"));
        await page.WaitForFunctionAsync(
            "() => [...document.querySelectorAll('[data-answers] .tile img')].slice(0, 6).every(image => image.naturalWidth > 0)");
        var link = page.Locator("[data-answers] .tile").First;
        var name = await link.Locator(".start").InnerTextAsync() + "/" + await link.Locator("b").InnerTextAsync();
        await page.FollowAsync(() => link.ClickAsync(), $"**/neurons/{name}");
        watched.IsClean();
    }

    // The elements of the second card with a note: the first is the output itself.
    private static Task<string> CardAsync(IPage page, string selector) => page.EvaluateAsync<string>(
        "selector => [...document.querySelectorAll(selector)].map(tile => [...tile.querySelectorAll('*')]"
        + ".map(part => part.tagName + '.' + part.className).join(' ')).find(card => !card.includes('own') && card.includes('SMALL'))",
        selector);

    [Fact]
    public async Task A_wrong_condition_stays_in_the_form_with_the_error_beside_it()
    {
        await using var watched = await served.OpenAsync(390);
        watched.Allowed.Add("/search");
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/search");
        await page.GetByLabel("Class or name").FillAsync("ball");
        await page.GetByLabel("Conditions").FillAsync("size>1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        Assert.Contains("There is no statistic 'size'", await page.GetByRole(AriaRole.Alert).InnerTextAsync());
        Assert.Equal("size>1", await page.Locator("[name=where]").InputValueAsync());
        Assert.Equal("ball", await page.Locator("[name=text]").Last.InputValueAsync());
        await watched.FitsAsync();
        await page.Locator("[name=where]").FillAsync("max>=0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await page.Locator(".tile").First.WaitForAsync();
    }

    [Fact]
    public async Task The_browser_keeps_the_pictures_of_a_finished_atlas()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        foreach (var path in new[] { "/layers/conv3", "/neurons/conv3/5", "/images/3", "/classes/0", "" })
        {
            var kept = new List<string>();
            void Note(object? sender, IResponse response)
            {
                if (response.Request.ResourceType == "image" && response.Url.Contains("/atlases/", StringComparison.Ordinal))
                    kept.Add($"{response.Headers.GetValueOrDefault("cache-control")} {response.Url}");
            }
            page.Response += Note;
            await page.GotoAsync(served.Atlas + path, new() { WaitUntil = WaitUntilState.NetworkIdle });
            page.Response -= Note;
            Assert.NotEmpty(kept);
            Assert.All(kept, line => Assert.Contains("immutable", line));
        }
        // Another view of a layer, whose addresses the script makes.
        await page.GotoAsync(served.Atlas + "/layers/conv3");
        var answer = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync(),
            response => response.Url.Contains("/deconv/", StringComparison.Ordinal));
        Assert.Contains("immutable", answer.Headers["cache-control"]);
        // Without the version the browser asks each time, because another run may have the same address.
        using var http = new HttpClient();
        var plain = await http.GetAsync(served.Atlas + "/tiles/conv3/top9/00000.jpg", TestContext.Current.CancellationToken);
        Assert.Equal("no-cache", plain.Headers.CacheControl!.ToString());
        watched.IsClean();
    }

    [Theory]
    [InlineData(390)]
    [InlineData(320)]
    public async Task On_a_phone_everything_in_the_header_is_there_and_no_name_breaks_within_a_word(int width)
    {
        await using var watched = await served.OpenAsync(width, 844);
        watched.Allowed.Add("/layers/nope");
        var page = watched.Page;
        foreach (var path in new[] { "", "/layers/conv3", "/neurons/conv3/5", "/images/3", "/classes", "/search?text=ball", "/live",
            "/layers/nope", "/../../search?text=ball", "/../../compare?one=sample-network&other=sample-network" })
        {
            await page.GotoAsync(served.Atlas + path, new() { WaitUntil = WaitUntilState.NetworkIdle });
            await watched.FitsAsync();
            var parts = page.Locator("header a, header button, header input");
            Assert.True(await parts.CountAsync() >= (path.StartsWith("/..", StringComparison.Ordinal) ? 5 : 9), path);
            foreach (var part in await parts.AllAsync())
            {
                var box = await part.BoundingBoxAsync();
                Assert.True(
                    box is { Width: > 15 } && box.X >= 0 && box.X + box.Width <= width, $"{await part.InnerTextAsync()} at {path}");
            }
            Assert.True((await page.Locator("[data-find-all]").BoundingBoxAsync())!.Width >= 100);
            var broken = await page.EvaluateAsync<string[]>(BrokenWords);
            Assert.True(broken.Length == 0, $"{path}: {string.Join(", ", broken)}");
        }
    }
}
