using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Hosting;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Signs in browsers where reading needs a key: the user enters the key once, and the browser gets a cookie that allows reading.
/// </summary>
internal static class SignIn
{
    /// <summary>The name of the rate limit, which slows down guessing of keys.</summary>
    public const string Limit = "sign-in";

    private const string Path = "/sign-in";
    private const string OutPath = "/sign-out";
    private static readonly string[] Open = [Path, OutPath, "/assets", "/health", "/metrics", "/api"];

    /// <summary>Redirects browsers without a key to the sign-in page. The API checks keys itself.</summary>
    public static void UseSignIn(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var keys = (ApiKeys)context.RequestServices.GetService(typeof(ApiKeys))!;
        if (Open.Any(path => context.Request.Path.StartsWithSegments(path)) || keys.Allows(context.Request, onlyReads: true, out _))
            await next(context);
        else
            context.Response.Redirect($"{Path}?to={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}");
    });

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, (string? to, string? left, PageRenderer page, ApiKeys keys) =>
            PageAsync(page, keys, to, notice: left is null ? null : "You have signed out.")).ExcludeFromDescription();
        app.MapPost(OutPath, (HttpContext context) =>
        {
            context.Response.Cookies.Delete(ApiKeys.Cookie, CookieOf(context));
            return Results.LocalRedirect(Path + "?left=1");
        }).ExcludeFromDescription().DisableAntiforgery();
        app.MapPost(Path, async (HttpContext context, ApiKeys keys, PageRenderer page) =>
        {
            var form = context.Request.HasFormContentType
                ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
            var to = form["to"].ToString();
            if (keys.PassFor(form["key"].ToString().Trim()) is not { } pass)
                return await PageAsync(page, keys, to, isWrong: true);
            context.Response.Cookies.Append(ApiKeys.Cookie, pass, CookieOf(context));
            return Results.LocalRedirect(IsHere(to) ? to : "/");
        }).ExcludeFromDescription().DisableAntiforgery().RequireRateLimiting(Limit);
    }

    // Lax, so that a link from elsewhere, such as a paper, keeps the user signed in. The cookie allows reading and making lists.
    private static CookieOptions CookieOf(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        Path = "/",
    };

    private static async Task<IResult> PageAsync(PageRenderer page, ApiKeys keys, string? to, bool isWrong = false, string? notice = null)
    {
        isWrong &= !keys.IsReadingOpen || keys.HasKeys;
        return Results.Content(
            await page.RenderAsync<SignInPage>(
                ("Links", ServerLinks.Instance), ("To", IsHere(to) ? to : "/"), ("IsOpen", keys.IsReadingOpen), ("HasKeys", keys.HasKeys),
                ("IsWrong", isWrong), ("Notice", notice)),
            "text/html; charset=utf-8", statusCode: isWrong ? StatusCodes.Status403Forbidden : StatusCodes.Status200OK);
    }

    // Accepts only paths on this host, so that a link cannot redirect to another one.
    private static bool IsHere(string? to) => to is ['/', ..] && to is not ['/', '/' or '\\', ..] && !to.Any(char.IsControl);
}
