using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>Endpoints of the pages and of the pictures on them.</summary>
internal static class PageEndpoints
{
    // The newest atlases of a long list have pictures.
    private const int MostCovers = 24;
    private const int SamplesShown = 12;

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription().AddEndpointFilter(ExplainAsync);
        pages.MapGet("/", HomeAsync);
        pages.MapGet("/reference", (PageRenderer page) => HtmlAsync(page.RenderAsync<ReferencePage>(("Links", ServerLinks.Instance))));
        pages.MapGet("/atlases/{atlas}", AtlasAsync);
        pages.MapGet("/atlases/{atlas}/layers/{layer}", LayerAsync);
        pages.MapGet("/atlases/{atlas}/neurons/{layer}/{channel:int}", NeuronAsync);
        pages.MapGet("/atlases/{atlas}/classes", ClassesAsync);
        pages.MapGet("/atlases/{atlas}/classes/{index:int}", ClassAsync);
        pages.MapGet("/atlases/{atlas}/images/{index:int}", ImageAsync);
        pages.MapGet("/atlases/{atlas}/search", SearchAsync);
        pages.MapGet("/atlases/{atlas}/live", LiveAsync);
        pages.MapGet("/compare", CompareAsync);
        pages.MapGet("/atlases/{atlas}/tiles/{layer}/{view}/{file}", TileAsync);
        pages.MapGet("/atlases/{atlas}/pictures/{**path}", PictureAsync);
        pages.MapGet("/atlases/{atlas}/crops/{file}", CropAsync);
        pages.MapGet("/assets/{version}/{name}", Asset);
        app.MapFallback("/api/{**rest}", (HttpContext context) =>
            Results.Problem(
                $"there is no {context.Request.Method} endpoint at this address; see /reference", statusCode: StatusCodes.Status404NotFound,
                title: "Not found"));
        pages.MapFallback((HttpContext _) => throw new NotFoundException("There is no such page."));
    }

    // Pages report errors as pages; requests for pictures get only the status code.
    private static async ValueTask<object?> ExplainAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var page = (PageRenderer)context.HttpContext.RequestServices.GetService(typeof(PageRenderer))!;
        try
        {
            return await next(context);
        }
        catch (NotFoundException missing)
        {
            return await ErrorAsync(page, "Not found", missing.Message, StatusCodes.Status404NotFound);
        }
        catch (QueryException wrong)
        {
            return await ErrorAsync(page, "Bad request", wrong.Message, StatusCodes.Status400BadRequest);
        }
        catch (Exception failure) when (failure is ObjectStoreException or CatalogUnusableException or CorruptTableException)
        {
            return await ErrorAsync(page, "Service unavailable", failure.Message, StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task<IResult> ErrorAsync(PageRenderer page, string title, string message, int status) => Results.Content(
        await page.RenderAsync<ErrorPage>(("Links", ServerLinks.Instance), ("Title", title), ("Message", message)),
        "text/html; charset=utf-8", statusCode: status);

    private static async Task<IResult> HomeAsync(
        PageRenderer page, CatalogDatabase database, LoadedAtlasCache views, TimeProvider time, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlases = await AtlasSummary.ReadAllAsync(catalog, cancellation);
        var covers = new Dictionary<int, AtlasCover>();
        foreach (var line in atlases.Take(MostCovers))
            if (await views.FindAsync(line.Atlas.Slug, cancellation) is { } view)
                covers[line.Atlas.Id] = await AtlasCover.ReadAsync(catalog, view, cancellation);
        var unserved = Now(database, time) is { } now ? await catalog.UnservedJobsAsync(now, cancellation: cancellation) : null;
        return await HtmlAsync(page.RenderAsync<AtlasesPage>(
            ("Links", ServerLinks.Instance), ("Atlases", atlases), ("Covers", covers), ("Unserved", unserved)));
    }

    private static async Task<IResult> AtlasAsync(
        string atlas, PageRenderer page, CatalogDatabase database, TimeProvider time, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var overview = await AtlasContents.ReadAsync(catalog, view, Now(database, time), cancellation);
        return await HtmlAsync(page.RenderAsync<AtlasPage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Contents", overview)));
    }

    private static async Task<IResult> LayerAsync(
        string atlas, string layer, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await LayerContents.ReadAsync(catalog, CatalogLookup.GetLayer(view, layer), cancellation);
        return await HtmlAsync(page.RenderAsync<LayerPage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> NeuronAsync(
        string atlas, string layer, int channel, PageRenderer page, NeuronReader reader, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetNeuronAsync(
            reader, catalog, view, CatalogLookup.GetLayer(view, layer), channel, cancellation);
        return await HtmlAsync(page.RenderAsync<NeuronPage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> ClassesAsync(
        string atlas, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        return await HtmlAsync(
            page.RenderAsync<ClassesPage>(
                ("Links", ServerLinks.Instance), ("Atlas", view),
                ("Classes", await ClassSummary.ReadAllAsync(catalog, view, cancellation))));
    }

    private static async Task<IResult> ClassAsync(
        string atlas, int index, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await ClassContents.ReadAsync(catalog, view, index, cancellation)
            ?? throw new NotFoundException($"Atlas '{atlas}' has no class {index}.");
        return await HtmlAsync(page.RenderAsync<ClassPage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> ImageAsync(
        string atlas, int index, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetImageAsync(catalog, view, index, cancellation);
        return await HtmlAsync(page.RenderAsync<ImagePage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> SearchAsync(
        string atlas, string? layer, string? text, string? selectivity, string? where, string? dead, string? sort, string? after,
        PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        // The values come from a form: empty and invalid fields are ignored.
        var query = new NeuronQuery
        {
            Layers = layer is not null && view.Layer(layer) is not null ? layer : null,
            Text = text is { Length: > 0 and <= 200 } ? text : null,
            Where =
            [
                .. double.TryParse(selectivity, CultureInfo.InvariantCulture, out var least)
                ? (NeuronCondition[])[new(NeuronStatistic.Find(SearchPage.Selectivity, "where"), ">=", least)] : [],
                .. (where ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(NeuronCondition.Parse),
            ],
            Dead = bool.TryParse(dead, out var isDead) ? isDead : null,
            Sort = SearchPage.Sorts.FirstOrDefault(known => known.Value == sort).Value
                ?? (view.Spec.Images.Classes.Count > 0 ? SearchPage.Sorts[0].Value : "layer"),
            Limit = SearchPage.Shown,
            After = after,
        };
        return await HtmlAsync(
            page.RenderAsync<SearchPage>(
                ("Links", ServerLinks.Instance), ("Atlas", view), ("Query", query), ("Selective", selectivity), ("Bounds", where),
                ("Result", await query.ReadAsync(catalog, view, cancellation))));
    }

    private static async Task<IResult> CompareAsync(
        string? one, string? other, string? layer, PageRenderer page, ComparisonCache comparisons, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var first = await CatalogLookup.GetAtlasAsync(catalog, one ?? "", cancellation);
        var comparison = await comparisons.FindAsync(
            catalog, first, await CatalogLookup.GetAtlasAsync(catalog, other ?? "", cancellation), cancellation);
        return await HtmlAsync(
            page.RenderAsync<ComparePage>(
                ("Links", ServerLinks.Instance), ("Comparison", comparison),
                ("Layer", layer is { Length: > 0 } ? CatalogLookup.GetLayer(first, layer) : null)));
    }

    private static async Task<IResult> LiveAsync(string atlas, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var count = await catalog.Images.CountAsync(image => image.AtlasId == view.Row.Id, cancellation);
        var shown = Math.Min(SamplesShown, count);
        int[] samples = [.. Enumerable.Range(0, shown).Select(i => (int)((long)i * count / shown))];
        return await HtmlAsync(page.RenderAsync<LivePage>(("Links", ServerLinks.Instance), ("Atlas", view), ("Samples", samples)));
    }

    private static async Task<IResult> TileAsync(
        string atlas, string layer, string view, string file, Tiles tiles, LoadedAtlasCache views, HttpContext context,
        CancellationToken cancellation)
    {
        if (TileView.Find(view) is not { } shown || Number(file) is not { } channel)
            return Results.NotFound();
        if (await views.FindAsync(atlas, cancellation) is not { } found || found.Layer(layer) is not { } row || channel >= row.Channels)
            return Results.NotFound();
        return await tiles.FindAsync(found, row, shown, channel, cancellation) is { } tile
            ? CacheableResults.Picture(context, tile, "image/jpeg", found.IsFinal) : Results.NotFound();
    }

    private static async Task<IResult> PictureAsync(
        string atlas, string path, IObjectStore store, LoadedAtlasCache views, HttpContext context, CancellationToken cancellation)
    {
        var key = Jobs.AtlasSpec.IsId(atlas) ? $"{AtlasKeys.Root(atlas)}/{path}" : "";
        if (!ObjectKey.IsValid(key) || !key.EndsWith(".png", StringComparison.Ordinal))
            return Results.NotFound();
        return await views.FindAsync(atlas, cancellation) is { } found && await store.TryGetAsync(key, cancellation) is { } picture
            ? CacheableResults.Picture(context, picture, "image/png", found.IsFinal) : Results.NotFound();
    }

    private static async Task<IResult> CropAsync(
        string atlas, string file, SourceCrops sources, LoadedAtlasCache views, CatalogDatabase database, HttpContext context,
        CancellationToken cancellation)
    {
        if (Number(file) is not { } index || await views.FindAsync(atlas, cancellation) is not { } view)
            return Results.NotFound();
        await using var catalog = database.Open();
        var path = await catalog.Images.Where(image => image.AtlasId == view.Row.Id && image.ImageIndex == index)
            .Select(image => image.Path).FirstOrDefaultAsync(cancellation);
        return path is not null && await sources.GetCropAsync(view.Spec, path, cancellation) is { } crop
            ? CacheableResults.Picture(context, crop, "image/jpeg", isFinal: true) : Results.NotFound();
    }

    private static DateTime? Now(CatalogDatabase database, TimeProvider time)
        => database.HearsWorkers ? time.GetUtcNow().UtcDateTime : null;

    // The files of tiles and crops are named by number.
    private static int? Number(string file) =>
        file.EndsWith(".jpg", StringComparison.Ordinal)
            && int.TryParse(file.AsSpan(0, file.Length - 4), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private static IResult Asset(string version, string name, HttpContext context) =>
        Assets.Find(name) is { } content
            ? CacheableResults.Asset(context, content, Assets.TypeOf(name), version == Assets.Version(name)) : Results.NotFound();

    private static async Task<IResult> HtmlAsync(Task<string> page) => Results.Content(await page, "text/html; charset=utf-8");
}
