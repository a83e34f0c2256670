using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>
/// Goes from page to page. On a busy machine the browser drops keys and clicks until a page has drawn its first frame, and a navigation may
/// end before anybody waits for its event. So a page is asked where it is, and what had no effect is done once more.
/// </summary>
internal static class PageNavigation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Does something that leads to another page, and waits until that page is loaded.</summary>
    /// <param name="page">The browser's page.</param>
    /// <param name="act">Presses a key or clicks.</param>
    /// <param name="address">
    /// The address to reach; <c>**</c> stands for any characters, <c>*</c> for all but a slash. Without #, that part counts nowhere.
    /// </param>
    public static async Task FollowAsync(this IPage page, Func<Task> act, string address)
    {
        var pattern = new Regex(
            $"^{Regex.Escape(address).Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*")}{(address.Contains('#') ? "" : "(#.*)?")}$");
        await page.WaitForLoadStateAsync();
        await act();
        if (await ReachesAsync(page, pattern, Patience))
            return;
        await act();
        Assert.True(await ReachesAsync(page, pattern, LongPatience), $"{page.Url} is not {address}");
    }

    /// <inheritdoc cref="FollowAsync(IPage, Func{Task}, string)"/>
    public static Task FollowAsync(this IPage page, string key, string address) =>
        page.FollowAsync(() => page.Keyboard.PressAsync(key), address);

    private static async Task<bool> ReachesAsync(IPage page, Regex address, TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < patience; await Task.Delay(Pause))
        {
            try
            {
                var place = await page.EvaluateAsync<string[]>("[document.readyState, location.href]");
                if (place[0] == "complete" && address.IsMatch(place[1]))
                    return true;
            }
            catch (PlaywrightException)
            {
                // The page is being replaced.
            }
        }
        return false;
    }
}
