using System.Text.RegularExpressions;
using Microsoft.Playwright;
using VizPipeline.Atlas.Web.Story;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web.Story;

/// <summary>Gives the lecture in a real browser.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed partial class StoryBrowserTests(ServedAtlas served) : IClassFixture<ServedAtlas>
{
    private static readonly string[] Slides =
        ["opening", "photograph", "filter", "map", "maximum", "pixels", "top", "ascent", "another", "answer"];

    [Theory]
    [InlineData(1400, 900)]
    [InlineData(390, 800)]
    public async Task The_arrow_key_leads_from_the_first_page_through_every_slide_of_three_neurons(int width, int height)
    {
        await using var watched = await served.OpenAsync(width, height);
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/story?lang=en", new() { WaitUntil = WaitUntilState.NetworkIdle });
        Assert.Equal(3, await page.Locator(".three li").CountAsync());
        await watched.FitsAsync();
        var seen = new List<string>();
        for (var neuron = 0; neuron < 3; neuron++)
        {
            await page.FollowAsync("ArrowRight", "**/story/*/*");
            // The ascent is made while the first slides are shown.
            await page.Locator("#ascent [data-film]").WaitForAsync(new() { State = WaitForSelectorState.Attached, Timeout = 60_000 });
            var slides = await page.EvaluateAsync<string[]>("[...document.querySelectorAll('.slide')].map(slide => slide.id)");
            foreach (var slide in slides)
            {
                var shown = page.Locator(".slide.shown");
                Assert.Equal(slide, await shown.GetAttributeAsync("id"));
                Assert.True(await shown.Locator("h2").IsVisibleAsync());
                await watched.FitsAsync();
                // Each picture of the slide has arrived.
                Assert.Equal(0, await page.EvaluateAsync<int>(
                    "Promise.all([...document.querySelectorAll('.slide.shown img, .slide.shown image')].map(picture => { "
                    + "const one = new Image(); one.src = picture.getAttribute('src') ?? picture.getAttribute('href'); "
                    + "return one.decode().then(() => 0, () => 1); })).then(faults => faults.reduce((a, b) => a + b, 0))"));
                if (slide != slides[^1])
                    await page.Keyboard.PressAsync("PageDown");
            }
            seen.AddRange(slides);
            Assert.Subset(slides.ToHashSet(), Slides.ToHashSet());
            Assert.EndsWith("#answer", page.Url, StringComparison.Ordinal);
        }
        // The early neuron has no layer before it, the late one is traced through those before it.
        Assert.Contains("back-0", seen);
        watched.IsClean();
    }

    [Fact]
    public async Task A_presenter_steps_back_and_forth_blackens_the_screen_and_opens_the_glossary()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/story/conv3/5?lang=en");
        var shown = page.Locator(".slide.shown");
        await page.Keyboard.PressAsync(" ");
        Assert.Equal("photograph", await shown.GetAttributeAsync("id"));
        await page.Keyboard.PressAsync("PageUp");
        Assert.Equal("opening", await shown.GetAttributeAsync("id"));
        await page.Keyboard.PressAsync("End");
        Assert.Equal("answer", await shown.GetAttributeAsync("id"));
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("b");
        Assert.True(await page.Locator("[data-black]").IsVisibleAsync());
        await page.Keyboard.PressAsync("ArrowRight");
        Assert.False(await page.Locator("[data-black]").IsVisibleAsync());
        Assert.Equal("opening", await shown.GetAttributeAsync("id"));
        await page.Keyboard.PressAsync("g");
        Assert.True(await page.GetByText("The responses of one neuron at all places of an image.").Nth(1).IsVisibleAsync());
        await page.Keyboard.PressAsync("Escape");
        // Another language keeps the slide.
        await page.GotoAsync(served.Atlas + "/story/conv3/5?lang=en#maximum");
        await page.FollowAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "한국어" }).ClickAsync(), "**lang=ko#maximum");
        Assert.Equal("가장 강하게 반응한 곳", await shown.Locator("h2").TextContentAsync());
        watched.IsClean();
    }

    [Fact]
    public async Task The_Korean_story_has_no_English_sentence()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        foreach (var address in new[] { "/story?lang=ko", "/story/conv3/5/ascent?lang=ko" })
        {
            await page.GotoAsync(served.Atlas + address);
            Assert.Equal("ko", await page.Locator("html").GetAttributeAsync("lang"));
            var text = await page.EvaluateAsync<string>("document.documentElement.outerHTML");
            foreach (var (key, english) in StoryLanguage.All[0].Texts.Where(pair => pair.Value.Length > 12))
                Assert.False(text.Contains(english.Split('{')[0].PadRight(9, '\u0001'), StringComparison.Ordinal), key);
        }
    }

    [Fact]
    public async Task Numbers_of_the_story_are_those_of_the_atlas()
    {
        await using var watched = await served.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(served.Atlas + "/neurons/conv3/5");
        var best = await page.Locator("[data-patches] [data-caption]").First.TextContentAsync();
        await page.GotoAsync(served.Atlas + "/story/conv3/5?lang=en#maximum");
        var text = await page.Locator("#maximum .words p").TextContentAsync();
        // "1. 3.21 ..." and "The largest value is 3.21, in row ..."
        var activation = text!.Split("The largest value is ")[1].Split(',')[0];
        Assert.Contains($" {activation}", best, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_all_slides_are_there_and_on_paper_each_has_a_page()
    {
        await using var watched = await served.OpenAsync();
        await using var context = await served.Browser.NewContextAsync(new() { JavaScriptEnabled = false });
        var plain = await context.NewPageAsync();
        await plain.GotoAsync(served.Atlas + "/story/conv3/5/ascent?lang=en", new() { Timeout = 60_000 });
        foreach (var slide in Slides)
            Assert.True(await plain.Locator($"#{slide}").IsVisibleAsync(), slide);
        Assert.True(await plain.Locator(".film .frame").CountAsync() > 4);
        Assert.Equal(0, await plain.Locator("button:visible").CountAsync());
        Assert.True(await plain.GetByText("The responses of one neuron").First.IsVisibleAsync());

        await watched.Page.GotoAsync(served.Atlas + "/story/conv3/5/ascent?lang=en", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var paper = await watched.Page.PdfAsync(new() { PreferCSSPageSize = true, PrintBackground = true });
        var slides = await watched.Page.Locator(".slide").CountAsync();
        Assert.InRange(CountPages(paper), slides, slides + 2);
    }

    [Fact]
    public async Task The_story_lies_in_a_static_site_in_both_languages()
    {
        await using var watched = await served.OpenAsync();
        var folder = served.Material.Out("story-site");
        var made = await VizProcess.Run("export", served.Folder, "--format", "site", "--with-sources", "--to", folder);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.DoesNotContain("stored pictures only", made.Error, StringComparison.Ordinal);
        var page = watched.Page;
        foreach (var (language, heading) in new[] { ("en", "How does a network see?"), ("ko", "신경망은 어떻게 볼까요?") })
        {
            await page.GotoAsync($"file://{folder}/story/{language}/index.html");
            Assert.Equal(heading, await page.Locator("h1").TextContentAsync());
            await page.FollowAsync("ArrowRight", $"**/story/{language}/conv1-*");
            await page.Keyboard.PressAsync("End");
            var pictures = await page.Locator(".slide image").EvaluateAllAsync<string[]>("all => all.map(one => one.href.baseVal)");
            foreach (var picture in pictures)
                Assert.True(File.Exists(Path.Combine(folder, "story", language, picture)), picture);
            Assert.True(await page.Locator("#ascent .frame").CountAsync() > 4);
            await page.FollowAsync("ArrowRight", $"**/story/{language}/conv3-*");
        }
        watched.IsClean();
    }

    [Fact]
    public async Task The_command_prints_the_storys_address()
    {
        await using var watched = await served.OpenAsync();
        using var viz = VizProcess.Start("serve", served.Folder, "--story", "--port", "0");
        var line = await viz.FirstLine(StoryAddress(), TimeSpan.FromSeconds(60));
        var answer = await watched.Page.APIRequest.GetAsync(StoryAddress().Match(line).Groups[1].Value);
        Assert.Equal(200, answer.Status);
        Assert.EndsWith("/atlases/sample-network/story", answer.Url, StringComparison.Ordinal);
    }

    [GeneratedRegex("story is at (http://[^ ]+/story) ")]
    private static partial Regex StoryAddress();

    // Each page of the document is an object of that type.
    private static int CountPages(byte[] pdf) =>
        Regex.Count(System.Text.Encoding.Latin1.GetString(pdf), @"/Type\s*/Page[^s]");
}
