using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Atlas;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Atlas.Api;

/// <summary>The atlas server with the filled catalog, on either database.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly CatalogFixture _catalog;
    private readonly TemporaryFolder _folder;
    private readonly WebApplication _app;

    private ApiHost(CatalogFixture catalog, TemporaryFolder folder, WebApplication app, FolderObjectStore store) =>
        (_catalog, _folder, _app, Store) = (catalog, folder, app, store);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public CatalogDatabase Database => _catalog.Database;

    public FolderObjectStore Store { get; }

    public static async Task<ApiHost> StartAsync(Engine engine, params string[] settings)
    {
        var catalog = await CatalogFixture.On(engine);
        await FilledCatalog.FillAsync(catalog);
        var folder = new TemporaryFolder();
        var store = new FolderObjectStore(folder.Path);
        var builder = ServiceHost.CreateBuilder(["--Http:Port=0", "--Http:Address=127.0.0.1", .. settings], "api-test", port: 0);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(catalog.Database);
        builder.Services.AddSingleton<IObjectStore>(store);
        builder.AddEmbeddedBus();
        builder.AddAtlas();
        var app = builder.Build();
        app.MapServiceEndpoints();
        app.MapAtlas();
        await app.StartAsync();
        return new ApiHost(catalog, folder, app, store) { Http = { BaseAddress = new Uri(app.Urls.Single()) } };
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        var answer = await Http.GetAsync($"/api/v1/{path}", TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Reads all rows of a table, page by page.</summary>
    public async Task<List<JsonElement>> AllAsync(string path, int limit)
    {
        var (rows, next) = (new List<JsonElement>(), (string?)null);
        do
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var after = next is null ? "" : $"&after={Uri.EscapeDataString(next)}";
            var page = await GetAsync($"{path}{separator}limit={limit}{after}");
            rows.AddRange(page.GetProperty("items").EnumerateArray());
            next = page.GetProperty("next").GetString();
            Assert.True(rows.Count < 10_000);
        }
        while (next is not null);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await _catalog.DisposeAsync();
        _folder.Dispose();
    }
}
