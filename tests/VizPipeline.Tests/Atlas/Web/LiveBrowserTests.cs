using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests the live tool in a real browser, with a camera that Chromium simulates.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class LiveBrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    private string[] Pictures => [.. Directory.GetFiles(served.Material.Images, "*.jpg", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)];

    private static async Task<IPage> OpenAsync(WatchedPage watched, string address)
    {
        // Reads a copy, as reading from the page's own canvases would slow them down and make the browser warn.
        await watched.Page.AddInitScriptAsync(
            "window.pixelsOf = canvas => { const [width, height] = [canvas.width, canvas.height], copy = new OffscreenCanvas(width, height)"
            + ".getContext('2d', { willReadFrequently: true }); copy.drawImage(canvas, 0, 0); "
            + "return copy.getImageData(0, 0, width, height).data; };");
        await watched.Page.GotoAsync(address);
        await watched.Page.Locator(".maps [role=option]").First.WaitForAsync();
        await watched.Page.WaitForFunctionAsync("() => !document.querySelector('[data-maps]').hasAttribute('aria-busy')");
        return watched.Page;
    }

    [Fact]
    public async Task A_picture_is_uploaded_and_a_channel_is_compared_over_several()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/live#layer=conv3");
        await page.Locator(".maps canvas").First.WaitForAsync();
        var pictures = await page.Locator(".shots button").CountAsync();
        await page.Locator("[data-files]")
            .SetInputFilesAsync(
                Directory.GetFiles(served.Material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(2));
        await page.WaitForFunctionAsync("count => document.querySelectorAll('.shots button').length >= count + 2", pictures);
        await page.Locator(".scores meter").First.WaitForAsync();
        await page.Locator("[data-layer]").SelectOptionAsync("conv1");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.maps canvas').length === 32");
        await page.Locator(".maps button").Nth(7).ClickAsync();
        Assert.Equal("conv1 7", await page.Locator("[data-title]").TextContentAsync());
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt.startsWith('deconv of conv1 7')");
        await page.Locator("[data-rule]").SelectOptionAsync("gradient");
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt.startsWith('gradient')");
        // With "keep this channel", selecting another channel does not change the back-projected one.
        await page.Locator("[data-hold]").CheckAsync();
        await page.Locator(".maps button").Nth(9).ClickAsync();
        Assert.Equal("conv1 9", await page.Locator("[data-title]").TextContentAsync());
        await page.WaitForTimeoutAsync(500);
        Assert.StartsWith("gradient of conv1 7", await page.Locator("[data-back]").GetAttributeAsync("alt"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare all pictures" }).ClickAsync();
        var all = await page.Locator(".shots button").CountAsync();
        await page.WaitForFunctionAsync("count => document.querySelectorAll('.compare canvas').length === count", all);
        // All pictures have one scale, which reaches up to the largest value of all of them.
        var scales = await page.EvaluateAsync<double[]>(
            "[...document.querySelectorAll('.compare canvas')].map(canvas => Number(canvas.dataset.greatest))");
        var largest = await page.EvaluateAsync<double[]>(
            "[...document.querySelectorAll('.compare figcaption')].map(text => Number(text.textContent.split(': ').at(-1)))");
        Assert.Single(scales.Distinct());
        Assert.True(largest.Distinct().Count() > 1);
        Assert.Equal(largest.Max(), scales[0], 0.006);
        await page.Locator("select[data-mode]").SelectOptionAsync("top9");
        await page.Locator(".maps img").First.WaitForAsync();
        watched.IsClean();
    }

    [Fact]
    public async Task The_output_layer_is_shown_as_named_probabilities()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/live#layer=logits");
        await page.Locator(".maps.named meter").First.WaitForAsync();
        var shares = await page.EvaluateAsync<double[]>("[...document.querySelectorAll('.maps meter')].map(meter => meter.value)");
        Assert.Equal(shares.OrderDescending(), shares);
        Assert.Equal(1, shares.Sum(), 1e-6);
        Assert.DoesNotContain("channel", await page.Locator(".maps button").First.TextContentAsync());
        var top = page.Locator(".maps button").First.Locator("b");
        Assert.Contains((await top.TextContentAsync())!, await page.Locator(".scores li").First.TextContentAsync());
        // The raw values: the largest probability belongs to the largest of the network's own scores.
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "raw values" }).CheckAsync();
        Assert.Contains((await top.TextContentAsync())!, await page.Locator(".scores li").First.TextContentAsync());
        await page.Locator(".maps").PressAsync("ArrowDown");
        Assert.Equal(1, await page.Locator(".maps [aria-selected='true']").CountAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task The_camera_streams_its_newest_frame_and_can_be_paused_and_stopped()
    {
        await using var watched = await served.OpenAsync(hasCamera: true);
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt !== ''");
        await page.EvaluateAsync(
            "() => { const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); navigator.mediaDevices.getUserMedia = "
            + "async wish => { const stream = await get(wish); window.tracks = stream.getTracks(); return stream; }; }");
        var (asked, inFlight, mostInFlight) = (0, 0, 0);
        await page.RouteAsync("**/live/maps**", async route =>
        {
            asked++;
            mostInFlight = Math.Max(mostInFlight, ++inFlight);
            await Task.Delay(200);
            await route.ContinueAsync();
        });
        page.RequestFinished += (_, request) => inFlight -= request.Url.Contains("/live/maps", StringComparison.Ordinal) ? 1 : 0;
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera", Exact = true }).ClickAsync();
        await page.WaitForFunctionAsync("() => /^[0-9.]+ frames.s/.test(document.querySelector('[data-rate]').textContent)");
        // A worker that takes 200 ms or more gets fewer than five frames a second, and the rate says so: frames do not queue.
        var rate = double.Parse((await page.Locator("[data-rate]").TextContentAsync())!.Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(rate, 0.1, 5);
        Assert.Equal(1, mostInFlight);
        var before = await page.EvaluateAsync<string>("document.querySelector('[data-map]').toDataURL()");
        await page.WaitForFunctionAsync("before => document.querySelector('[data-map]').toDataURL() !== before", before);

        // The atlas's own pictures come one by one.
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.shots button').length >= 12");
        var pictures = await page.Locator(".shots button").CountAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep frame" }).ClickAsync();
        Assert.Equal(pictures + 1, await page.Locator(".shots button").CountAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        Assert.Contains("paused", await page.Locator("[data-status]").TextContentAsync());
        // On a busy machine, requests from before the pause reach this process late; a stream that went on would never be quiet.
        var paused = -1;
        for (var i = 0; i < 12 && paused != asked; i++)
        {
            paused = asked;
            await page.WaitForTimeoutAsync(800);
        }
        Assert.Equal(paused, asked);
        // Another layer looks at the frame at which the camera was paused.
        await page.Locator("[data-layer]").SelectOptionAsync("conv1");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.maps canvas').length === 32");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('[data-rate]').textContent.includes('frames/s')");
        Assert.True(asked > paused + 1);

        // A picture of the list is looked at in place of the camera.
        await page.Locator(".shots button").First.ClickAsync();
        Assert.Equal("Paused.", await page.Locator("[data-rate]").TextContentAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.tracks.every(track => track.readyState === 'ended')"));
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('[data-video]').srcObject === null"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera", Exact = true }).WaitForAsync();
        watched.IsClean();
    }

    [Fact]
    public async Task A_limit_of_requests_or_a_busy_worker_slows_the_camera_and_does_not_end_it()
    {
        await using var watched = await served.OpenAsync(hasCamera: true);
        watched.Allowed.Add("/live/maps");
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera", Exact = true }).ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('[data-rate]').textContent.includes('frames/s')");
        foreach (var (status, body, said) in new[]
        {
            (429, "", "Slowed down: too many requests at once. The next frame follows in"),
            (503, """{"detail":"no worker is free"}""", "Slowed down: no worker is free. The next frame follows in"),
        })
        {
            await page.RouteAsync("**/live/maps**", route => route.FulfillAsync(new() { Status = status, Body = body }));
            await page.WaitForFunctionAsync("said => document.querySelector('[data-rate]').textContent.startsWith(said)", said);
            await page.UnrouteAsync("**/live/maps**");
            await page.WaitForFunctionAsync("() => document.querySelector('[data-rate]').textContent.includes('frames/s')");
        }
        Assert.Equal("", await page.Locator("[data-faults]").TextContentAsync());
        await page.RouteAsync(
            "**/live/maps**", route => route.FulfillAsync(new() { Status = 404, Body = """{"detail":"no such atlas"}""" }));
        await page.WaitForFunctionAsync(
            "() => document.querySelector('[data-faults]').textContent === 'The camera is paused: no such atlas.'");
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('[data-video]').paused"));
    }

    [Theory]
    [InlineData("denied", "Allow it for this page")]
    [InlineData("NotFoundError", "This device has no camera.")]
    [InlineData("NotReadableError", "in use by another program")]
    [InlineData("plain", "only over HTTPS")]
    public async Task A_camera_that_cannot_be_used_is_said_in_one_line(string fault, string told)
    {
        await using var watched = await served.OpenAsync();
        if (fault == "plain")
            await watched.Page.AddInitScriptAsync("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });");
        else if (fault != "denied")
            await watched.Page.AddInitScriptAsync(
                $"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('it failed', '{fault}'));");
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera", Exact = true }).ClickAsync();
        await page.Locator("[data-faults][role=alert] p").WaitForAsync();
        Assert.Contains(told, await page.Locator("[data-faults]").TextContentAsync());
        Assert.Equal(1, await page.Locator("[data-faults] p").CountAsync());
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Camera", Exact = true }).IsEnabledAsync());
        Assert.Equal(64, await page.Locator(".maps canvas").CountAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task The_overlay_is_transparent_where_the_channel_is_not_active()
    {
        await using var watched = await served.OpenAsync();
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        // The share of the overlay's pixels that differ from the picture alone, which the opacity 0 shows.
        async Task<double> ShareAsync()
        {
            await SetOpacityAsync("100");
            await page.EvaluateAsync("() => { window.over = window.pixelsOf(document.querySelector('[data-map]')); }");
            await SetOpacityAsync("0");
            return await page.EvaluateAsync<double>(
                "(() => { const alone = window.pixelsOf(document.querySelector('[data-map]')); let count = 0; "
                + "for (let i = 0; i < alone.length; i += 4) count += [i, i + 1, i + 2].some(at => alone[at] !== window.over[at]) ? 1 : 0; "
                + "return 4 * count / alone.length; })()");
        }

        Task SetOpacityAsync(string value) => page.Locator("[data-opacity]").EvaluateAsync(
            "(range, value) => { range.value = value; for (const name of ['input', 'change']) range.dispatchEvent(new Event(name)); }",
            value);

        // The channel that is inactive in most places, of those that are active at all.
        await page.EvaluateAsync(
            "(() => { const share = canvas => { const data = window.pixelsOf(canvas); "
            + "let dark = 0; for (let i = 0; i < data.length; i += 4) dark += data[i + 1] === 1 ? 1 : 0; return 4 * dark / data.length; }; "
            + "const buttons = [...document.querySelectorAll('.maps button')].map(button => [share(button.firstChild), button])"
            + ".filter(([dark]) => dark < 1).sort((a, b) => b[0] - a[0]); buttons[0][1].click(); })()");
        var followed = await ShareAsync();
        Assert.InRange(followed, 0.001, 0.9);
        await page.Locator("[data-follow]").UncheckAsync();
        Assert.InRange(await ShareAsync(), 0.99, 1);
        Assert.Contains("follow=no", page.Url);
        Assert.Contains("opacity=0", page.Url);
        await page.ReloadAsync();
        Assert.False(await page.Locator("[data-follow]").IsCheckedAsync());
        Assert.Equal("0", await page.Locator("[data-opacity]").InputValueAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task Maps_are_drawn_on_a_chosen_scale_that_is_stated_and_stays_in_the_address()
    {
        await using var watched = await served.OpenAsync();
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        // The maps that reach the brightest colour.
        Task<int> BrightAsync() => page.EvaluateAsync<int>(
            "[...document.querySelectorAll('.maps canvas')].filter(canvas => { const pixels = window.pixelsOf(canvas); "
            + "for (let i = 0; i < pixels.length; i += 4) "
            + "if (pixels[i] === 253 && pixels[i + 1] === 231) return true; return false; }).length");
        var said = page.Locator("[data-said]");
        Assert.StartsWith("Each map has its own scale: from 0 (dark)", await said.TextContentAsync());
        var own = await BrightAsync();
        await page.Locator("[data-scale]").SelectOptionAsync("layer");
        Assert.StartsWith("One scale for all 64 maps of this layer: from 0.00 (dark)", await said.TextContentAsync());
        var common = await BrightAsync();
        Assert.InRange(common, 1, own - 1);

        await page.Locator("[data-scale]").SelectOptionAsync("atlas");
        await page.WaitForFunctionAsync(
            "() => document.querySelector('[data-said]').textContent.includes('its maximum over the 80 images of the atlas')");
        Assert.InRange(await BrightAsync(), 0, own - 1);
        Assert.Contains("scale=atlas", page.Url);
        // The end of the scale is the statistic that the catalog has of the neuron.
        using var http = new HttpClient();
        using var neuron = JsonDocument.Parse(
            await http.GetStringAsync(
                $"{served.Address}/api/v1/atlases/sample-network/layers/conv3/neurons/5", TestContext.Current.CancellationToken));
        var max = neuron.RootElement.GetProperty("max").GetDouble();
        Assert.Equal(FormattableString.Invariant($"{max:F2}"), await page.Locator("[data-high]").TextContentAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Compare all pictures" }).ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.compare canvas').length > 2");
        Assert.Equal(
            FormattableString.Invariant($"One scale for all pictures, from 0.00 to {max:F2}, the maximum of channel 5 over the atlas."),
            await page.Locator(".compare p").TextContentAsync());
        await page.ReloadAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('[data-said]').textContent.includes('over the 80 images')");
        Assert.Equal("atlas", await page.Locator("[data-scale]").InputValueAsync());
        watched.IsClean();
    }

    [Theory]
    [InlineData(1400)]
    [InlineData(900)]
    public async Task A_map_enlarges_under_the_pointer_and_by_keyboard_beside_the_grid(int width)
    {
        await using var watched = await served.OpenAsync(width);
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt.startsWith('deconv of conv3 5')");
        var tile = page.Locator(".maps button").Nth(50);
        await tile.ScrollIntoViewIfNeededAsync();
        await tile.HoverAsync();
        Assert.Equal("conv3 50", await page.Locator("[data-title]").TextContentAsync());
        Assert.Contains("under the pointer", await page.Locator("[data-facts]").TextContentAsync());
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt.startsWith('deconv of conv3 50')");
        var (small, large) = ((await tile.BoundingBoxAsync())!, (await page.Locator("[data-map]").BoundingBoxAsync())!);
        Assert.True(large.Width > 2 * small.Width);
        // The grid and the detail are both in the window.
        Assert.InRange(large.Y, 0, 900 - large.Height);
        Assert.InRange(large.X, small.X + small.Width, width - large.Width);
        // The selection has not changed.
        await page.Mouse.MoveAsync(5, 5);
        Assert.Equal("conv3 5", await page.Locator("[data-title]").TextContentAsync());
        await page.WaitForFunctionAsync("() => document.querySelector('[data-back]').alt.startsWith('deconv of conv3 5 ')");
        Assert.Contains("channel=5", page.Url);

        await page.Locator(".maps").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.Equal("conv3 6", await page.Locator("[data-title]").TextContentAsync());
        var selected = page.Locator(".maps [aria-selected=true] canvas");
        Assert.True((await selected.BoundingBoxAsync())!.Width > 1.4 * small.Width);
        watched.IsClean();
    }

    [Fact]
    public async Task On_a_phone_the_detail_comes_into_view_when_a_map_is_tapped()
    {
        await using var watched = await served.OpenAsync(390, 844);
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3");
        await page.Locator(".scores meter").First.WaitForAsync();
        foreach (var meter in await page.Locator(".scores meter").AllAsync())
            Assert.InRange((await meter.BoundingBoxAsync())!.Width, 100, 390);
        var map = page.Locator("[data-map]");
        Assert.False(await map.IsVisibleAsync());
        var tile = page.Locator(".maps button").Nth(30);
        await tile.ScrollIntoViewIfNeededAsync();
        await tile.ClickAsync();
        Assert.Equal("conv3 30", await page.Locator("[data-title]").TextContentAsync());
        await page.WaitForTimeoutAsync(800);
        var (tapped, detail, large) = ((await tile.BoundingBoxAsync())!, (await page.Locator("[data-detail]").BoundingBoxAsync())!,
            (await map.BoundingBoxAsync())!);
        // All of the detail's first part is in the window, and the map that was tapped is not below it.
        Assert.InRange(detail.Y + detail.Height, 0, 845);
        Assert.InRange(large.Y + large.Height, detail.Y, 845);
        Assert.InRange(tapped.Y, 48, detail.Y - tapped.Height + 1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Hide details" }).ClickAsync();
        Assert.False(await map.IsVisibleAsync());
        await page.Locator("[data-layer]").SelectOptionAsync("logits");
        await page.Locator(".maps.named meter").First.WaitForAsync();
        foreach (var meter in await page.Locator(".maps.named meter").AllAsync())
            Assert.InRange((await meter.BoundingBoxAsync())!.Width, 200, 390);
        await watched.FitsAsync();
        watched.IsClean();
    }

    [Fact]
    public async Task A_bad_file_is_named_beside_the_pictures_and_good_ones_stay()
    {
        await using var watched = await served.OpenAsync();
        watched.Allowed.Add("/live/maps");
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        var shots = page.Locator(".shots button");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.shots button').length >= 12");
        var (count, facts) = (await shots.CountAsync(), await page.Locator("[data-facts]").TextContentAsync());
        var picture = await File.ReadAllBytesAsync(Pictures[^1], TestContext.Current.CancellationToken);
        FilePayload text = new() { Name = "notes.txt", MimeType = "text/plain", Buffer = "words"u8.ToArray() };
        FilePayload words = new() { Name = "words.jpg", MimeType = "image/jpeg", Buffer = "These are words."u8.ToArray() };
        FilePayload cut = new() { Name = "cut.jpg", MimeType = "image/jpeg", Buffer = picture[..(picture.Length / 2)] };
        FilePayload large = new() { Name = "large.png", MimeType = "image/png", Buffer = new byte[9 << 20] };
        FilePayload empty = new() { Name = "empty.png", MimeType = "image/png", Buffer = [] };
        FilePayload good = new() { Name = "good.jpg", MimeType = "image/jpeg", Buffer = picture };
        foreach (var (file, told) in new[]
        {
            (text, "notes.txt is not a picture"),
            (words, "words.jpg is unreadable: it is not a JPEG, PNG, WebP, BMP or GIF file."),
            (cut, "cut.jpg is unreadable: the file ends before the picture does."),
            (large, "large.png has 9.0 MB; at most 8 MB are read."),
            (empty, "empty.png is empty."),
        })
        {
            await page.Locator("[data-files]").SetInputFilesAsync(file);
            await page.WaitForFunctionAsync("told => document.querySelector('[data-faults]').textContent.startsWith(told)", told);
            Assert.Equal("alert", await page.Locator("[data-faults]").GetAttributeAsync("role"));
            Assert.Equal(count, await shots.CountAsync());
            Assert.Equal("true", await shots.First.GetAttributeAsync("aria-pressed"));
            Assert.Equal(facts, await page.Locator("[data-facts]").TextContentAsync());
            Assert.Equal(64, await page.Locator(".maps canvas").CountAsync());
        }
        // Of several files the good ones are taken, and each bad one is named.
        await page.Locator("[data-files]").SetInputFilesAsync([words, good, text]);
        await page.Locator(".shots button[title='good.jpg'][aria-pressed=true]").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('[data-faults] p').length === 2");
        Assert.Equal(count + 1, await shots.CountAsync());
        var (faults, list) = (await page.Locator("[data-faults]").BoundingBoxAsync(), await page.Locator(".shots").BoundingBoxAsync());
        Assert.InRange(faults!.Y + faults.Height, 0, list!.Y + 1);
        // The next choice takes the complaint away.
        await page.Locator("[data-files]").SetInputFilesAsync(good);
        await page.WaitForFunctionAsync("() => document.querySelector('[data-faults]').textContent === ''");
    }

    [Fact]
    public async Task Names_break_between_words_on_a_phone()
    {
        await using var watched = await served.OpenAsync(390, 844);
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=logits&channel=0");
        await page.Locator("[data-sheet]").ClickAsync();
        await page.EvaluateAsync(
            "document.querySelectorAll('.maps.named span').forEach(name => { name.textContent = 'Staffordshire bullterrier, Staffordshire "
            + "terrier, American pit bull terrier'; })");
        // Words of texts that are drawn on more than one line.
        var broken = await page.EvaluateAsync<string[]>(
            "(() => { const broken = [], walk = document.createTreeWalker(document.querySelector('.live'), NodeFilter.SHOW_TEXT); "
            + "while (walk.nextNode()) { const node = walk.currentNode, range = document.createRange(); "
            + "if (!node.parentElement.checkVisibility() || node.parentElement.closest('option')) continue; "
            + "for (const match of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) { range.setStart(node, match.index); "
            + "range.setEnd(node, match.index + match[0].length); if (range.getClientRects().length > 1) broken.push(match[0]); } } "
            + "return broken; })()");
        Assert.Empty(broken);
        await watched.FitsAsync();
        watched.IsClean();
    }

    [Fact]
    public async Task The_keyboard_reaches_every_channel_and_picture_and_the_neuron()
    {
        await using var watched = await served.OpenAsync();
        var page = await OpenAsync(watched, served.Atlas + "/live#layer=conv3&channel=5");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.shots button').length >= 12");
        var title = page.Locator("[data-title]");
        await page.Locator(".shots button").First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("true", await page.Locator(".shots button").Nth(2).GetAttributeAsync("aria-pressed"));
        await page.Locator(".maps").FocusAsync();
        foreach (var (key, shown) in new[] { ("End", 63), ("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowLeft", 0) })
        {
            await page.Keyboard.PressAsync(key);
            Assert.Equal($"conv3 {shown}", await title.TextContentAsync());
        }
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.Equal($"channel-{(await title.TextContentAsync())!.Split(' ')[1]}",
            await page.Locator(".maps").GetAttributeAsync("aria-activedescendant"));
        Assert.NotEqual("conv3 0", await title.TextContentAsync());
        await page.Keyboard.PressAsync("Home");
        await page.FollowAsync("Enter", "**/neurons/conv3/0");
        await page.GoBackAsync();
        await page.Locator(".maps canvas").First.WaitForAsync();
        Assert.Equal("conv3 0", await title.TextContentAsync());
        watched.IsClean();
    }
}
