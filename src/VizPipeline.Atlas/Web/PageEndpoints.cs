using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Atlas.Api;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Atlas.Web.Story;
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

    /// <summary>How the addresses of an atlas's pictures begin, without and with its version.</summary>
    public static readonly string[] PicturePrefixes = ["/atlases/{atlas}", "/atlases/{atlas}/at/{version}"];

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription().AddEndpointFilter(ExplainAsync);
        pages.MapGet("/", HomeAsync);
        pages.MapGet("/reference", (PageRenderer page) => HtmlAsync(page.RenderAsync<ReferencePage>(("Links", ServerLinks.Instance))));
        pages.MapGet("/atlases/{atlas}", AtlasAsync);
        pages.MapGet("/atlases/{atlas}/layers/{layer}", LayerAsync);
        pages.MapGet("/atlases/{atlas}/neurons/{layer}/{channel:int}", NeuronAsync);
        pages.MapGet("/atlases/{atlas}/neurons/{layer}/{channel:int}/images", NeuronImagesAsync);
        pages.MapGet("/atlases/{atlas}/classes", ClassesAsync);
        pages.MapGet("/atlases/{atlas}/classes/{index:int}", ClassAsync);
        pages.MapGet("/atlases/{atlas}/images/{index:int}", ImageAsync);
        pages.MapGet("/atlases/{atlas}/search", SearchAsync);
        pages.MapGet("/atlases/{atlas}/lists", ListsAsync);
        pages.MapGet("/atlases/{atlas}/lists/{list}", ListAsync).RequireRateLimiting(ListEndpoints.Limit);
        pages.MapGet("/atlases/{atlas}/live", LiveAsync);
        pages.MapGet("/search", SearchAllAsync);
        pages.MapGet("/compare", CompareAsync);
        pages.MapStory();
        foreach (var pictures in PicturePrefixes)
        {
            pages.MapGet(pictures + "/tiles/{layer}/{view}/{file}", TileAsync);
            pages.MapGet(pictures + "/pictures/{**path}", PictureAsync);
            pages.MapGet(pictures + "/crops/{file}", CropAsync);
            pages.MapGet(pictures + "/crops/large/{file}", CropAsync);
        }
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
        try
        {
            return await next(context);
        }
        catch (NotFoundException missing)
        {
            return await ErrorAsync(context.HttpContext, "Not found", missing.Message, StatusCodes.Status404NotFound, missing.Nearest);
        }
        catch (QueryException wrong)
        {
            return await ErrorAsync(context.HttpContext, "Bad request", wrong.Message, StatusCodes.Status400BadRequest);
        }
        catch (Exception failure) when (failure is ObjectStoreException or CatalogUnusableException or CorruptTableException)
        {
            return await ErrorAsync(
                context.HttpContext, "Service unavailable", failure.Message, StatusCodes.Status503ServiceUnavailable);
        }
    }

    // An error below a known atlas keeps the atlas's navigation.
    private static async Task<IResult> ErrorAsync(
        HttpContext context, string title, string message, int status, IReadOnlyList<(string Name, string Address)>? nearest = null)
    {
        var (page, views) = (
            context.RequestServices.GetRequiredService<PageRenderer>(), context.RequestServices.GetRequiredService<LoadedAtlasCache>());
        var atlas = status < StatusCodes.Status500InternalServerError
            && context.Request.Path.Value?.Split('/', StringSplitOptions.RemoveEmptyEntries) is ["atlases", var id, ..]
            ? await views.FindAsync(id, context.RequestAborted) : null;
        return Results.Content(
            await page.RenderAsync<ErrorPage>(
                ("Links", ServerLinks.Instance), ("Title", title), ("Message", message), ("Atlas", atlas), ("Nearest", nearest ?? [])),
            "text/html; charset=utf-8", statusCode: status);
    }

    private static async Task<IResult> HomeAsync(
        PageRenderer page, CatalogDatabase database, LoadedAtlasCache views, TimeProvider time, IAtlasActivity activity,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlases = (await AtlasSummary.ReadAllAsync(catalog, cancellation)).ToArray();
        for (var i = 0; i < atlases.Length; i++)
            if (atlases[i].Atlas is { State: AtlasState.Running } row)
                atlases[i] = atlases[i] with { IsStopped = await activity.ExplainStopAsync(catalog, row.Slug, cancellation) is not null };
        var shown = new List<LoadedAtlas>();
        var covers = new Dictionary<int, AtlasCover>();
        foreach (var line in atlases.Take(MostCovers))
            if (await views.FindAsync(line.Atlas.Slug, cancellation) is { } view)
            {
                covers[line.Atlas.Id] = await AtlasCover.ReadAsync(catalog, view, cancellation);
                shown.Add(view);
            }
        var unserved = Now(database, time) is { } now ? await catalog.UnservedJobsAsync(now, cancellation: cancellation) : null;
        return await HtmlAsync(page.RenderAsync<AtlasesPage>(
            ("Links", ServerLinks.For(shown)), ("Atlases", atlases), ("Covers", covers), ("Unserved", unserved)));
    }

    private static async Task<IResult> AtlasAsync(
        string atlas, PageRenderer page, CatalogDatabase database, TimeProvider time, IAtlasActivity activity,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var overview = await AtlasContents.ReadAsync(catalog, view, Now(database, time), cancellation) with
        {
            Stop = view.Row.State == AtlasState.Running ? await activity.ExplainStopAsync(catalog, atlas, cancellation) : null,
        };
        return await HtmlAsync(page.RenderAsync<AtlasPage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", overview)));
    }

    private static async Task<IResult> LayerAsync(
        string atlas, string layer, PageRenderer page, LinkTables links, IObjectStore store, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await LayerContents.ReadAsync(
            catalog, view, CatalogLookup.GetLayer(view, layer), links, store, cancellation);
        return await HtmlAsync(page.RenderAsync<LayerPage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> NeuronAsync(
        string atlas, string layer, int channel, PageRenderer page, NeuronReader reader, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetNeuronAsync(
            reader, catalog, view, CatalogLookup.GetLayer(view, layer), channel, cancellation);
        return await HtmlAsync(page.RenderAsync<NeuronPage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> NeuronImagesAsync(
        string atlas, string layer, int channel, string? at, string? from, string? @class, string? by, PageRenderer page,
        IObjectStore store, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var row = CatalogLookup.GetLayer(view, layer);
        if (by is { Length: > 0 })
            return await ExemplarsAsync(view, row, channel, by, page, store, catalog, cancellation);
        var (percent, first) = (Number("at", at), Number("from", from));
        var fault = (string?)null;
        async Task<NeuronImages> ReadAsync(string? name) => await NeuronImages.ReadAsync(
            store, catalog, view, row, channel, new ImageSubset(name), percent ?? 0, (int?)first, cancellation);
        NeuronImages contents;
        try
        {
            contents = await ReadAsync(@class);
        }
        catch (QueryException wrong) when (@class is { Length: > 0 })
        {
            (fault, contents) = (wrong.Message, await ReadAsync(null));
        }
        return await HtmlAsync(
            page.RenderAsync<NeuronImagesPage>(
                ("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents), ("Class", @class), ("Fault", fault)),
            fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

        static double? Number(string name, string? text) => text is not { Length: > 0 } ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < int.MaxValue
            ? number : throw new QueryException($"{name}: '{Format.Excerpt(text)}' is not a number");
    }

    private static async Task<IResult> ExemplarsAsync(
        LoadedAtlas atlas, Layer layer, int channel, string by, PageRenderer page, IObjectStore store, CatalogContext catalog,
        CancellationToken cancellation)
    {
        var queries = new ActivationQueries(store, catalog, atlas);
        var groups = by switch
        {
            "bands" => await queries.ReadBandsAsync(layer, channel, cancellation),
            "classes" => await queries.ReadClassExemplarsAsync(layer, channel, cancellation),
            _ => throw new QueryException($"by: '{Format.Excerpt(by)}' is unknown; use bands or classes"),
        };
        var neuron = await catalog.Neurons.AsNoTracking().SingleAsync(
            row => row.LayerId == layer.Id && row.Channel == channel, cancellation);
        return await HtmlAsync(page.RenderAsync<ExemplarsPage>(
            ("Links", ServerLinks.For(atlas)), ("Atlas", atlas), ("Layer", layer), ("Neuron", neuron), ("Groups", groups), ("By", by)));
    }

    private static async Task<IResult> ClassesAsync(
        string atlas, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        return await HtmlAsync(
            page.RenderAsync<ClassesPage>(
                ("Links", ServerLinks.For(view)), ("Atlas", view),
                ("Classes", await ClassSummary.ReadAllAsync(catalog, view, cancellation))));
    }

    private static async Task<IResult> ClassAsync(
        string atlas, int index, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetClassAsync(catalog, view, index, cancellation);
        return await HtmlAsync(page.RenderAsync<ClassPage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> ListsAsync(string atlas, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        return await HtmlAsync(page.RenderAsync<ListsPage>(("Links", ServerLinks.For(view)), ("Atlas", view)));
    }

    private static async Task<IResult> ListAsync(
        string atlas, string list, HttpContext context, PageRenderer page, NeuronLists lists, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await ListContents.ReadAsync(catalog, view, lists, list, cancellation);
        // Who has the address may read; a shared cache must not keep what has been deleted, nor a search engine the address.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        return await HtmlAsync(page.RenderAsync<ListPage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> ImageAsync(
        string atlas, int index, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetImageAsync(catalog, view, index, cancellation);
        return await HtmlAsync(page.RenderAsync<ImagePage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents)));
    }

    private static async Task<IResult> SearchAsync(
        string atlas, [AsParameters] SearchForm form, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (contents, fault) = (SearchContents.Empty, (string?)null);
        try
        {
            contents = await SearchContents.ReadAsync(catalog, view, form.ToQuery(view), cancellation);
        }
        catch (QueryException wrong)
        {
            fault = wrong.Message;
        }
        return await HtmlAsync(
            page.RenderAsync<SearchPage>(
                ("Links", ServerLinks.For(view)), ("Atlas", view), ("Form", form), ("Contents", contents), ("Fault", fault)),
            fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private static async Task<IResult> SearchAllAsync(
        string? text, string? from, PageRenderer page, CatalogDatabase database, LoadedAtlasCache views,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var (search, typed, fault) = (AtlasSearch.Empty, text, (string?)null);
        try
        {
            typed = SearchForm.CheckText(text);
            var start = from is not { Length: > 0 } ? 0
                : int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw new QueryException($"from: '{Format.Excerpt(from)}' is not a number; follow the link on the page before");
            search = await AtlasSearch.ReadAsync(catalog, views, typed, start, cancellation);
        }
        catch (QueryException wrong)
        {
            fault = wrong.Message;
        }
        return await HtmlAsync(
            page.RenderAsync<SearchAllPage>(
                ("Links", ServerLinks.For(search.Found.Select(hits => hits.Atlas))), ("Text", typed), ("Search", search), ("Fault", fault)),
            fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
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
                ("Links", ServerLinks.For(comparison.One, comparison.Other)), ("Comparison", comparison),
                ("Layer", layer is { Length: > 0 } ? CatalogLookup.GetLayer(first, layer) : null)));
    }

    private static async Task<IResult> LiveAsync(string atlas, PageRenderer page, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var count = await catalog.Images.CountAsync(image => image.AtlasId == view.Row.Id, cancellation);
        var shown = Math.Min(SamplesShown, count);
        int[] samples = [.. Enumerable.Range(0, shown).Select(i => (int)((long)i * count / shown))];
        return await HtmlAsync(page.RenderAsync<LivePage>(("Links", ServerLinks.For(view)), ("Atlas", view), ("Samples", samples)));
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
            ? CacheableResults.Picture(context, tile, "image/jpeg", found) : Results.NotFound();
    }

    private static async Task<IResult> PictureAsync(
        string atlas, string path, IObjectStore store, LoadedAtlasCache views, HttpContext context, CancellationToken cancellation)
    {
        var key = Jobs.AtlasSpec.IsId(atlas) ? $"{AtlasKeys.Root(atlas)}/{path}" : "";
        if (!ObjectKey.IsValid(key) || !key.EndsWith(".png", StringComparison.Ordinal))
            return Results.NotFound();
        return await views.FindAsync(atlas, cancellation) is { } found && await store.TryGetAsync(key, cancellation) is { } picture
            ? CacheableResults.Picture(context, picture, "image/png", found) : Results.NotFound();
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
        if (path is null)
            return Results.NotFound();
        var isLarge = context.Request.Path.Value!.EndsWith($"/large/{file}", StringComparison.Ordinal);
        return await (isLarge ? sources.GetLargeCropAsync(view.Spec, path, cancellation)
            : sources.GetCropAsync(view.Spec, path, cancellation)) is { } crop
            ? CacheableResults.Picture(context, crop, "image/jpeg", view) : Results.NotFound();
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

    private static async Task<IResult> HtmlAsync(Task<string> page, int status = StatusCodes.Status200OK) =>
        Results.Content(await page, "text/html; charset=utf-8", statusCode: status);
}
