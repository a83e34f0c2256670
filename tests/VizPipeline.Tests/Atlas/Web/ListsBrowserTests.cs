using Microsoft.Playwright;
using VizPipeline.Tests.Cli;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Tests stars, notes and lists in a real browser.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class ListsBrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    [Fact]
    public async Task A_star_with_a_note_makes_a_list_that_others_read_by_its_address()
    {
        const string Note = "A <b>ball</b>?\nOr \"an eye\" & more.";
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        var star = page.Locator("[data-star]");
        Assert.False(await page.Locator("[data-note]").IsVisibleAsync());
        await star.ClickAsync();
        await page.Locator("[data-star][aria-pressed='true']").WaitForAsync();
        await page.Locator("[data-note]").FillAsync(Note);
        await SaysAsync(page, "Saved.");
        await page.ReloadAsync();
        await page.Locator("[data-star][aria-pressed='true']").WaitForAsync();
        Assert.Equal(Note, await page.Locator("[data-note]").InputValueAsync());

        // With a key on the layer's page, where the star then shows.
        await page.GotoAsync(served.Atlas + "/layers/conv3");
        await page.Locator(".tile.starred[data-c='5']").WaitForAsync();
        await page.Locator(".grid .tile[data-c='7']").FocusAsync();
        await page.Keyboard.PressAsync("s");
        await page.Locator(".tile.starred[data-c='7']").WaitForAsync();
        watched.IsClean();

        await page.GotoAsync(served.Atlas + "/lists");
        await page.FollowAsync(() => page.Locator("[data-lists] a").First.ClickAsync(), "**/lists/*");
        var (address, withKey) = (page.Url, await page.Locator("[data-list-address]").InputValueAsync());
        Assert.StartsWith($"{address}#key=", withKey);
        Assert.Equal(2, await page.Locator(".noted .tile").CountAsync());
        Assert.True(await page.Locator("[data-list-edit]").IsVisibleAsync());
        await page.Locator("[data-list-title]").FillAsync("Round things");
        await SaysAsync(page, "Saved.");
        await watched.FitsAsync();

        // Somebody else reads it, and cannot change it.
        await using (var other = await served.OpenAsync(390))
        {
            await other.Page.GotoAsync(address, new() { WaitUntil = WaitUntilState.NetworkIdle });
            Assert.Equal("Round things", await other.Page.Locator("h1").InnerTextAsync());
            Assert.Equal(Note, await other.Page.Locator("[data-note-text]").First.InnerTextAsync());
            Assert.Equal(0, await other.Page.Locator("main textarea:visible, main button:visible, main input:visible").CountAsync());
            await other.FitsAsync();
            other.IsClean();
        }

        // Who gets the address with the key may, and the key leaves the address.
        await using (var friend = await served.OpenAsync())
        {
            await friend.Page.GotoAsync(withKey, new() { WaitUntil = WaitUntilState.NetworkIdle });
            Assert.Equal(address, friend.Page.Url);
            await friend.Page.Locator("[data-entry-remove]").Last.ClickAsync();
            await SaysAsync(friend.Page, "It is no longer in this list.");
            friend.IsClean();
        }
        await page.ReloadAsync();
        Assert.Equal(1, await page.Locator(".noted .tile").CountAsync());

        var printed = (await CommandLineRun.RunAsync(
            "notes", served.Folder, "--list", address.Split('/')[^1], "--format", "csv")).Succeeded();
        Assert.Contains("Round things,conv3,5,", printed.Output);

        await page.Locator("[data-list-delete]").ClickAsync();
        await page.FollowAsync(() => page.Locator("[data-list-delete]").ClickAsync(), "**/lists");
        Assert.Equal(0, await page.Locator("[data-lists] li").CountAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task A_star_is_taken_away_again_and_a_list_that_is_gone_is_forgotten()
    {
        await using var watched = await served.OpenAsync();
        watched.Allowed.Add("/lists/");
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv1/3");
        await page.EvaluateAsync(
            "localStorage.setItem('viz-lists', JSON.stringify({'sample-network': [{id: '0'.repeat(32), title: 'gone', key: 'x'}]}))");
        await page.ReloadAsync();
        await page.WaitForFunctionAsync("() => JSON.parse(localStorage.getItem('viz-lists'))['sample-network'].length === 0");
        await page.Locator("[data-star]").ClickAsync();
        await page.Locator("[data-star][aria-pressed='true']").WaitForAsync();
        await page.Locator("[data-star]").ClickAsync();
        await page.Locator("[data-star][aria-pressed='false']").WaitForAsync();
        Assert.False(await page.Locator("[data-note]").IsVisibleAsync());
    }

    private static Task<IJSHandle> SaysAsync(IPage page, string text) =>
        page.WaitForFunctionAsync("text => document.querySelector('[data-star-status]').textContent === text", text);
}
