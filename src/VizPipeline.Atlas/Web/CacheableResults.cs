using System.IO.Hashing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using VizPipeline.Hosting;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Whether the id of an atlas always refers to the same atlas on this server, so that browsers may cache its pictures forever even if the
/// address lacks the atlas's version.
/// </summary>
/// <param name="IdsLast">False when folders are served, because another run may serve other atlases under the same address.</param>
public sealed record AddressPolicy(bool IdsLast);

/// <summary>
/// Creates responses that browsers may cache. Each has an ETag; a client that sends the current ETag receives 304 and no content.
/// </summary>
internal static class CacheableResults
{
    // Browsers cache the response but revalidate it each time, which costs a round trip and no content.
    private const string AskAgain = "no-cache";

    /// <summary>
    /// Returns a picture. It no longer changes once the atlas is complete: the browser keeps it where the address contains the atlas's
    /// version, or where ids last.
    /// </summary>
    public static IResult Picture(HttpContext context, byte[] content, string type, LoadedAtlas atlas)
    {
        var asked = context.Request.RouteValues["version"] as string;
        // A page that was opened before the atlas was built again asks for the old version, and gets the picture of the new one.
        if (asked is not null && asked != atlas.Version)
            return Bytes(context, content, type, AskAgain);
        var services = context.RequestServices;
        // "private" where a key is needed: a shared proxy would otherwise serve the picture to clients without a key.
        var who = services.GetRequiredService<ApiKeys>().IsReadingOpen ? "public" : "private";
        var cache = asked is null && !services.GetRequiredService<AddressPolicy>().IdsLast
            ? AskAgain : atlas.IsFinal ? $"{who}, max-age=31536000, immutable" : $"{who}, max-age=30";
        return Bytes(context, content, type, cache);
    }

    /// <summary>Returns JSON, which any finished job may change.</summary>
    public static IResult Json(HttpContext context, byte[] content) => Bytes(context, content, "application/json; charset=utf-8", AskAgain);

    /// <summary>Returns a script or stylesheet, whose address contains its version.</summary>
    public static IResult Asset(HttpContext context, byte[] content, string type, bool isOfThisVersion) =>
        Bytes(context, content, type, isOfThisVersion ? "public, max-age=31536000, immutable" : AskAgain);

    private static IResult Bytes(HttpContext context, byte[] content, string type, string cache)
    {
        context.Response.Headers.CacheControl = cache;
        return Results.Bytes(content, type, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(XxHash64.Hash(content))}\""));
    }
}
