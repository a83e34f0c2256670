using Microsoft.Playwright;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests the pages of atlas, layer and neuron, and the viewer of their pictures, in a real browser.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class PagesBrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    [Fact]
    public async Task An_atlas_leads_with_pictures_of_each_layer_and_ends_with_its_cost()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas, new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.Equal(
            ["Layers", "Network", "Work", "Data"],
            await page.EvaluateAsync<string[]>("[...document.querySelectorAll('main > section')].map(part => part.ariaLabel)"));
        Assert.Equal(4, await page.Locator(".level").CountAsync());
        Assert.All(
            await page.EvaluateAsync<int[]>(
                "[...document.querySelectorAll('.level')].map(level => level.querySelectorAll('.tile').length)"),
            count => Assert.Equal(8, count));
        Assert.Contains("sees 7 × 7 pixels", await page.Locator(".level").First.InnerTextAsync());
        Assert.Contains("sees the whole image", await page.Locator(".level").Last.InnerTextAsync());
        Assert.Contains("Edges and colours", await page.Locator("main h3").First.InnerTextAsync());
        Assert.True(await page.Locator(".stages thead th").First.IsVisibleAsync());
        // Fast: what is below the window is not loaded before it is looked at.
        Assert.Equal(0, await page.Locator("img:not([loading='lazy']):not(.bar img)").CountAsync());

        Assert.Equal(
            ["Ascent: high-frequency", "Top patch", "Top 9", "Deconvolution"], await page.GetByRole(AriaRole.Radio).AllInnerTextsAsync());
        Assert.Contains("/ascent-p1-s0/", await page.Locator(".reel img").First.GetAttributeAsync("src"));
        await page.GetByRole(AriaRole.Radio, new() { Name = "Deconvolution" }).ClickAsync();
        await page.ReloadAsync();
        Assert.Contains("view=deconv", page.Url);
        Assert.All(
            await page.EvaluateAsync<string[]>("[...document.querySelectorAll('.reel img')].map(image => image.src)"),
            source => Assert.Contains("/deconv/", source));
        await page.FollowAsync(() => page.Locator(".reel .tile").First.ClickAsync(), "**/neurons/conv1/*");
        watched.IsClean();
    }

    [Fact]
    public async Task Without_scripts_pages_show_their_pictures_and_no_control_that_does_nothing()
    {
        await using var watched = await served.OpenAsync(withScripts: false);
        var page = watched.Page;
        foreach (var path in new[] { "", "/layers/conv1", "/layers/conv3", "/neurons/conv1/0", "/neurons/conv3/5", "/neurons/logits/3" })
        {
            await page.GotoAsync(served.Atlas + path);
            Assert.Equal(0, await page.Locator("main").Locator("button:visible, select:visible, input:visible").CountAsync());
            Assert.Equal(0, await page.Locator("header button:visible").CountAsync());
            Assert.NotEqual(0, await page.Locator("main img[src]:visible").CountAsync());
        }
        watched.IsClean();
        // A picture opens by itself.
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        await page.FollowAsync(() => page.Locator("[data-enlarge='ascents']").First.ClickAsync(), "**/pictures/**.png");
    }

    [Fact]
    public async Task First_filters_come_first_in_colour_on_a_scale_each_or_on_one_for_all()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv1", new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.True(await TopOfAsync(page, ".filters") < await TopOfAsync(page, ".grid"));
        Assert.Equal(32, await page.Locator(".filters img").CountAsync());
        var filter = page.Locator(".filters a[data-c='7'] img");
        Assert.Contains("/filter/00007.jpg", await filter.GetAttributeAsync("src"));
        Assert.True(await page.GetByText("a scale of its own").IsVisibleAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "One for all" }).ClickAsync();
        Assert.Contains("/filter-layer/00007.jpg", await filter.GetAttributeAsync("src"));
        Assert.False(await page.GetByText("a scale of its own").IsVisibleAsync());
        Assert.True(await page.GetByText("layer have one scale").IsVisibleAsync());
        await page.WaitForFunctionAsync("() => document.querySelector('.filters img').naturalWidth > 0");

        // The choice is kept, the tiles follow it, and deep filters are folded.
        await page.GotoAsync(served.Atlas + "/layers/conv3#view=filter&scale=layer");
        Assert.Contains("/filter-layer/", await page.Locator(".grid img").First.GetAttributeAsync("src"));
        await page.GetByRole(AriaRole.Radio, new() { Name = "A scale per filter" }).ClickAsync();
        Assert.Contains("/filter/", await page.Locator(".grid img").First.GetAttributeAsync("src"));
        var wide = page.GetByRole(AriaRole.Region, new() { Name = "Filters" }).Locator("img");
        Assert.False(await wide.IsVisibleAsync());
        await page.Locator("summary").ClickAsync();
        await Assertions.Expect(wide).ToBeVisibleAsync();

        await page.GotoAsync(served.Atlas + "/neurons/conv1/0");
        var own = await page.Locator(".neuron .kernel:visible").InnerHTMLAsync();
        Assert.Contains("<h2>Filter</h2>", await page.Locator(".neuron figure").First.InnerHTMLAsync());
        await page.GetByRole(AriaRole.Radio, new() { Name = "One for all" }).ClickAsync();
        Assert.NotEqual(own, await page.Locator(".neuron .kernel:visible").InnerHTMLAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task Mode_size_sort_and_filter_live_in_the_address_and_survive_neighbours_and_neurons()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/layers/conv3");
        await page.GetByRole(AriaRole.Radio, new() { Name = "Top 9" }).ClickAsync();
        await page.Locator("[data-sort]").SelectOptionAsync("-max");
        await page.Locator("[data-filter]").SelectOptionAsync("alive");
        await page.Keyboard.PressAsync("Escape");
        await page.EvaluateAsync("document.activeElement.blur()");
        const string Chosen = "view=top9&sort=-max&show=alive&size=108";
        await page.FollowAsync("+", "**/layers/conv3#" + Chosen);
        var order = await OrderAsync(page);

        // To a neuron, and back by the browser and by a key.
        await page.FollowAsync(() => page.Locator(".grid .tile").First.ClickAsync(), "**/neurons/conv3/*");
        await page.GoBackAsync();
        await CheckAsync("/layers/conv3");
        Assert.Equal(order, await OrderAsync(page));
        await page.FollowAsync(() => page.Locator(".grid .tile").First.ClickAsync(), "**/neurons/conv3/*");
        await page.FollowAsync("u", "**/layers/conv3*");
        await CheckAsync("/layers/conv3");
        await page.FollowAsync("[", "**/layers/conv1*");
        await CheckAsync("/layers/conv1");
        await page.Locator(".crumbs [rel='next']").ClickAsync();
        await CheckAsync("/layers/conv3");

        // A view that a layer lacks is kept for the next one: the output layer has no filters.
        await page.GetByRole(AriaRole.Radio, new() { Name = "Filter", Exact = true }).ClickAsync();
        await page.FollowAsync("]", "**/layers/conv4*");
        await page.FollowAsync("]", "**/layers/logits*");
        Assert.Equal("true", await page.GetByRole(AriaRole.Radio).First.GetAttributeAsync("aria-checked"));
        await page.FollowAsync("[", "**/layers/conv4*");
        Assert.Contains("view=filter", page.Url);
        watched.IsClean();

        async Task CheckAsync(string path)
        {
            await page.WaitForFunctionAsync("end => location.href.endsWith(end)", $"{path}#{Chosen}");
            Assert.Contains("/top9/", await page.Locator(".grid .tile img").First.GetAttributeAsync("src"));
            Assert.Equal(
                ("-max", "alive", "108"),
                (await page.Locator("[data-sort]").InputValueAsync(), await page.Locator("[data-filter]").InputValueAsync(),
                await page.Locator(".grid").GetAttributeAsync("data-size")));
        }
    }

    [Fact]
    public async Task An_output_is_called_by_its_name_and_ascents_come_before_patches()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/logits/3");
        var name = (await page.Locator("h1").InnerTextAsync()).Split(' ');
        Assert.Equal(["logits", "3"], name[1..]);
        Assert.DoesNotContain("logits", name[0]);
        Assert.StartsWith($"{name[0]}, logits 3", await page.TitleAsync());
        Assert.Equal(2, await page.Locator(".neuron figure").CountAsync());
        Assert.True(await page.EvaluateAsync<bool>(
            "document.querySelector('.neuron').compareDocumentPosition(document.querySelector('.pairs')) === "
            + "Node.DOCUMENT_POSITION_FOLLOWING"));
        // The first is the largest.
        var widths = await page.EvaluateAsync<double[]>("[...document.querySelectorAll('.neuron img')].map(image => image.clientWidth)");
        Assert.True(widths[0] > 1.8 * widths[1], $"{widths[0]} and {widths[1]}");
        watched.IsClean();
    }

    [Fact]
    public async Task Every_picture_opens_in_the_viewer_which_zooms_steps_and_goes_back()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var address = page.Url;
        var viewer = page.Locator("dialog.viewer");
        await page.Locator("[data-enlarge='ascents']").First.ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('.stage img')?.naturalWidth > 0");
        Assert.Contains("activation", await viewer.Locator("[data-viewer-caption]").InnerTextAsync());

        var fitted = await WidthAsync(page);
        await page.Keyboard.PressAsync("+");
        Assert.Equal(1.5 * fitted, await WidthAsync(page), 2.0);
        await page.Keyboard.PressAsync("-");
        Assert.Equal(fitted, await WidthAsync(page), 2.0);
        // The point under the pointer stays there.
        var box = (await page.Locator(".stage .cuts").BoundingBoxAsync())!;
        var (x, y) = (box.X + (box.Width * 0.75f), box.Y + (box.Height * 0.25f));
        await page.Mouse.DblClickAsync(x, y);
        var enlarged = (await page.Locator(".stage .cuts").BoundingBoxAsync())!;
        Assert.Equal(3 * fitted, enlarged.Width, 2.0);
        Assert.Equal(x, enlarged.X + (enlarged.Width * 0.75f), 3.0);
        Assert.Equal(y, enlarged.Y + (enlarged.Height * 0.25f), 3.0);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(x - 60, y + 40, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        var dragged = (await page.Locator(".stage .cuts").BoundingBoxAsync())!;
        Assert.Equal((-60, 40), ((int)Math.Round(dragged.X - enlarged.X), (int)Math.Round(dragged.Y - enlarged.Y)));
        await page.Mouse.WheelAsync(0, -200);
        await page.WaitForFunctionAsync("width => document.querySelector('.stage .cuts').clientWidth > width + 20", (double)enlarged.Width);

        // Neighbours are those of the same kind.
        var first = await page.Locator(".stage img").GetAttributeAsync("src");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.NotEqual(first, await page.Locator(".stage img").GetAttributeAsync("src"));
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal(first, await page.Locator(".stage img").GetAttributeAsync("src"));

        // The browser's back button closes it, its forward button and a reload open it again.
        await page.GoBackAsync();
        await viewer.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal(address, page.Url);
        await page.GoForwardAsync();
        await viewer.WaitForAsync();
        await page.ReloadAsync();
        await viewer.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await viewer.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.WaitForFunctionAsync("() => history.state?.picture === undefined");

        // A patch beside its deconvolution, enlarged together; drawn as chosen.
        await page.GetByRole(AriaRole.Radio, new() { Name = "Magnitude" }).ClickAsync();
        await page.Locator("[data-pair='3']").ClickAsync();
        Assert.Equal(2, await viewer.Locator(".cut:visible").CountAsync());
        Assert.Equal(1, await viewer.Locator(".as-magnitude:visible").CountAsync());
        await viewer.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await page.WaitForFunctionAsync("() => history.state?.picture === undefined");

        foreach (var (path, link) in new[]
        {
            ("/layers/conv1", "All filters in one picture"), ("/layers/conv3", "Contact sheet of the layer"),
        })
        {
            await page.GotoAsync(served.Atlas + path);
            await page.GetByRole(AriaRole.Link, new() { Name = link }).ClickAsync();
            await page.WaitForFunctionAsync("() => document.querySelector('.stage img')?.naturalWidth > 0");
            await page.Keyboard.PressAsync("Escape");
            await page.WaitForFunctionAsync("() => history.state?.picture === undefined");
        }
        await page.GotoAsync(served.Atlas + "/layers/conv1");
        await page.Locator(".filters a[data-c='4']").ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('.stage img')?.naturalWidth > 0");
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("5", await viewer.Locator("[data-viewer-caption]").InnerTextAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task On_a_phone_meters_stay_and_long_names_lose_their_middle()
    {
        await using var watched = await served.OpenAsync(390, 844);
        var page = watched.Page;
        await page.GotoAsync(served.Atlas);
        Assert.NotEqual(0, await page.Locator("#work progress:visible").CountAsync());
        Assert.Equal(4, await page.Locator(".layers .width:visible").CountAsync());
        Assert.NotEqual(0, await page.Locator(".coverage .pill:visible").CountAsync());
        // A name longer than any phone is wide, in the place of a short one.
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        await page.EvaluateAsync(
            "() => { const name = document.querySelector('.links .short'); const start = document.createElement('span');"
            + "start.className = 'start'; start.textContent = 'features.12.very.long.block.name.of.a.network.'; name.prepend(start); }");
        await watched.FitsAsync();
        Assert.True(await page.EvaluateAsync<bool>(
            "[...document.querySelectorAll('.links .short b')].every(channel => channel.getBoundingClientRect().right <= "
            + "channel.closest('li').getBoundingClientRect().right + 1)"));
        watched.IsClean();
    }

    private static Task<double> WidthAsync(IPage page) =>
        page.EvaluateAsync<double>("document.querySelector('.stage .cuts').getBoundingClientRect().width");

    private static Task<double> TopOfAsync(IPage page, string selector) =>
        page.EvaluateAsync<double>("selector => document.querySelector(selector).getBoundingClientRect().top", selector);

    private static Task<string[]> OrderAsync(IPage page) =>
        page.EvaluateAsync<string[]>("[...document.querySelectorAll('.grid .tile')].map(tile => tile.dataset.c)");
}
