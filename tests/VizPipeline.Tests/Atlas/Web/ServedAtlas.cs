using System.Text.RegularExpressions;
using Microsoft.Playwright;
using VizPipeline.Sample.Model;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Atlas.Web;

/// <summary>An atlas of the sample network, built once and served by <c>viz serve</c>, and a browser.</summary>
public sealed partial class ServedAtlas(SampleMaterial material) : IAsyncLifetime
{
    private static readonly string Chromium = Environment.GetEnvironmentVariable("VIZ_CHROMIUM") ?? "/usr/bin/chromium";
    private VizProcess? _viz;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public string Address { get; private set; } = "";

    public string Atlas => $"{Address}/atlases/sample-network";

    public string Folder => material.Out("served");

    public string Site => material.Out("site");

    public SampleMaterial Material => material;

    public IBrowser Browser => _browser!;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
            return;
        var names = material.Out("served-names.txt");
        await File.WriteAllLinesAsync(names, SampleNetwork.Description.Classes);
        var made = await VizProcess.Run(
            "run", "--model", material.Model, "--images", material.Images, "--limit", "80", "--layers", "conv1,conv3,conv4,logits",
            "--ascent-presets", "1,3", "--ascent-steps", "4", "--class-names", names, "--out", Folder);
        Assert.True(made.ExitCode == 0, made.Error);
        _viz = VizProcess.Start("serve", Folder, "--port", "0");
        Address = Place().Match(await _viz.FirstLine(Place(), TimeSpan.FromSeconds(60))).Groups[1].Value;
        _playwright = await Playwright.CreateAsync();
        // The camera is a film that Chromium makes, and a page needs the permission as on a user's machine.
        _browser = await _playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"] });
    }

    /// <summary>Opens a page that records its errors. Skips the test if there is no browser.</summary>
    public async Task<WatchedPage> OpenAsync(
        int width = 1280, int height = 900, bool withScripts = true, ColorScheme scheme = ColorScheme.Light, bool hasCamera = false)
    {
        Assert.SkipWhen(_browser is null, $"{Chromium} is not there: apt-get install chromium, or set VIZ_CHROMIUM");
        var context = await Browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            JavaScriptEnabled = withScripts,
            ColorScheme = scheme,
            Permissions = hasCamera ? ["camera"] : ["clipboard-read", "clipboard-write"],
        });
        return new WatchedPage(await context.NewPageAsync(), Address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _viz?.Dispose();
    }

    [GeneratedRegex("is at (http://[^/]+)/atlases/")]
    private static partial Regex Place();
}

/// <summary>A browser page that records errors and requests to other hosts.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private readonly List<string> _faults = [];

    public WatchedPage(IPage page, string address)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _faults.Add($"console: {message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => _faults.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)
                && !request.Url.StartsWith("blob:", StringComparison.Ordinal)
                && !request.Url.StartsWith("file:", StringComparison.Ordinal))
                _faults.Add($"request to {request.Url}");
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && !Allowed.Any(part => response.Url.Contains(part, StringComparison.Ordinal)))
                _faults.Add($"{response.Status} {response.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Parts of addresses that may fail.</summary>
    public List<string> Allowed { get; } = [];

    public void IsClean() => Assert.Empty(_faults);

    /// <summary>
    /// Waits until the page's script has run, which shows the buttons of the header. A key that is pressed before is lost.
    /// </summary>
    public Task ListensAsync() => Page.Locator("[data-theme-toggle]:visible").WaitForAsync();

    /// <summary>Asserts that the page is not wider than the window.</summary>
    public async Task FitsAsync()
    {
        var (wide, window) =
            (await Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"), await Page.EvaluateAsync<int>("window.innerWidth"));
        Assert.True(wide <= window, $"{Page.Url} is {wide} pixels wide in a window of {window}");
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}
