using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>Runs axe-core on every page: no serious or critical findings.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class AccessibilityTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    [Theory]
    [InlineData(1400, ColorScheme.Light)]
    [InlineData(1400, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task No_page_has_serious_or_critical_findings(int width, ColorScheme scheme)
    {
        await using var watched = await served.OpenAsync(width, scheme: scheme);
        watched.Allowed.Add("/nothing");
        var (page, findings) = (watched.Page, new List<string>());
        foreach (var address in new[] { "/", "/reference", "/sign-in", "/nothing", "/compare?one=sample-network&other=sample-network" }
            .Select(path => served.Address + path)
            .Concat(new[] { "", "/layers/conv1", "/layers/conv3", "/neurons/conv1/0", "/neurons/conv3/5", "/neurons/logits/3",
                "/neurons/conv3/5/images", "/neurons/conv1/0/images?at=50", "/neurons/conv3/5/images?by=bands",
                "/neurons/conv3/5/images?by=classes", "/classes",
                "/classes/0", "/images/0", "/search", "/live", "/lists", "/story", "/story/conv3/5?lang=ko",
                "/story/conv3/5/ascent?lang=en#ascent" }.Select(path => served.Atlas + path)))
        {
            await page.GotoAsync(address);
            findings.AddRange(await FindAsync(page, address));
        }
        // With an open viewer, and with what is folded.
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        await page.EvaluateAsync("() => { for (const part of document.querySelectorAll('details')) part.open = true; }");
        findings.AddRange(await FindAsync(page, "unfolded neuron"));
        await page.Locator("[data-enlarge]").First.ClickAsync();
        findings.AddRange(await FindAsync(page, "viewer"));
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    private static async Task<IEnumerable<string>> FindAsync(IPage page, string place)
    {
        var result = await page.RunAxe();
        return result.Violations.Where(found => found.Impact is "serious" or "critical").SelectMany(
            found => found.Nodes.Take(3).Select(node => $"{place}: {found.Id} ({found.Impact}, {found.Nodes.Length} times): {node.Html}"));
    }
}
