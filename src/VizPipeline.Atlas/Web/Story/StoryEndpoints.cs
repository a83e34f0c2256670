using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Web.Story;

/// <summary>Endpoints of the story: a lecture about single neurons, from the photograph to the neuron and back.</summary>
internal static class StoryEndpoints
{
    public static void MapStory(this RouteGroupBuilder pages)
    {
        pages.MapGet("/story", NewestAsync);
        pages.MapGet("/atlases/{atlas}/story", IndexAsync);
        pages.MapGet("/atlases/{atlas}/story/{layer}/{channel:int}", NeuronAsync).RequireRateLimiting(LiveEndpoints.Limit);
        pages.MapGet("/atlases/{atlas}/story/{layer}/{channel:int}/ascent", AscentAsync).RequireRateLimiting(LiveEndpoints.Limit);
        foreach (var pictures in PageEndpoints.PicturePrefixes)
            pages.MapGet(pictures + "/story/{layer}/{channel:int}/{file}", PictureAsync);
    }

    private static async Task<IResult> NewestAsync(CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlases = await AtlasSummary.ReadAllAsync(catalog, cancellation);
        var newest = atlases.FirstOrDefault(line => line.Atlas.State == AtlasState.Completed) ?? (atlases.Count > 0 ? atlases[0] : null);
        return newest is null
            ? throw new NotFoundException("There is no atlas yet. Make one, and its story is here.")
            : Results.Redirect(ServerLinks.Instance.Story(newest.Atlas.Slug, ""));
    }

    private static async Task<IResult> IndexAsync(
        string atlas, string? lang, HttpContext context, PageRenderer page, StoryPictures pictures, LinkTables links,
        CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        return Html(context, await page.RenderAsync<StoryIndexPage>(
            ("Links", ServerLinks.For(view)), ("Atlas", view), ("Language", LanguageOf(context, lang)),
            ("Chosen", await pictures.ChooseAsync(catalog, view, links, cancellation))));
    }

    private static Task<IResult> NeuronAsync(
        string atlas, string layer, int channel, string? lang, HttpContext context, PageRenderer page, NeuronReader reader,
        LinkTables links, StoryPictures pictures, CatalogDatabase database, CancellationToken cancellation) =>
        PageAsync(atlas, layer, channel, lang, context, page, reader, links, pictures, database, withAscent: false, cancellation);

    // A part of the page, which its script puts in; without scripts a link leads here.
    private static Task<IResult> AscentAsync(
        string atlas, string layer, int channel, string? lang, HttpContext context, PageRenderer page, NeuronReader reader,
        LinkTables links, StoryPictures pictures, CatalogDatabase database, CancellationToken cancellation) =>
        PageAsync(atlas, layer, channel, lang, context, page, reader, links, pictures, database, withAscent: true, cancellation);

    private static async Task<IResult> PageAsync(
        string atlas, string layer, int channel, string? lang, HttpContext context, PageRenderer page, NeuronReader reader,
        LinkTables links, StoryPictures pictures, CatalogDatabase database, bool withAscent, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await StoryContents.ReadAsync(
            catalog, view, CatalogLookup.GetLayer(view, layer), channel, reader, links, pictures, withAscent, cancellation);
        return Html(context, await page.RenderAsync<StoryPage>(
            ("Links", ServerLinks.For(view)), ("Atlas", view), ("Contents", contents), ("Language", LanguageOf(context, lang))));
    }

    // A page has some twenty pictures, so each reads only what it needs.
    private static async Task<IResult> PictureAsync(
        string atlas, string layer, int channel, string file, HttpContext context, StoryPictures pictures, LoadedAtlasCache views,
        CatalogDatabase database, CancellationToken cancellation)
    {
        if (await views.FindAsync(atlas, cancellation) is not { } view || view.Layer(layer) is not { } row || channel >= row.Channels)
            return Results.NotFound();
        await using var catalog = database.Open();
        var patches = await NeuronContents.ReadPatchesAsync(catalog, row, channel, cancellation);
        var made = await StoryMaterial.ReadAsync(
            view, row, channel, patches, pictures, file.StartsWith(StoryMaterial.AscentPrefix, StringComparison.Ordinal), cancellation);
        if (made.Files.FirstOrDefault(found => found.Name == file).Content is { } picture)
            return CacheableResults.Picture(context, picture, "image/png", view);
        return made.Fault is null ? Results.NotFound() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static StoryLanguage LanguageOf(HttpContext context, string? lang) =>
        StoryLanguage.Find(lang) ?? StoryLanguage.Choose(context.Request.Headers.AcceptLanguage.ToString());

    private static IResult Html(HttpContext context, string page)
    {
        context.Response.Headers.Vary = "Accept-Language";
        return Results.Content(page, "text/html; charset=utf-8");
    }
}
