using System.IO.Hashing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using VizPipeline.Hosting;

namespace VizPipeline.Web;

/// <summary>Whether an atlas's id always means the same atlas here, so that browsers may keep its pictures and never ask again.</summary>
/// <param name="IdsLast">Not so where folders are served, each time others under the same address.</param>
public sealed record AddressPolicy(bool IdsLast);

/// <summary>Answers that browsers may keep: each carries a hash of its content, and who shows the same hash gets no second copy.</summary>
internal static class Answers
{
    // Kept, but asked about every time: a hash costs a round trip and no bytes.
    private const string AskAgain = "no-cache";

    /// <summary>Bytes that never change once the atlas is complete.</summary>
    public static IResult Picture(HttpContext context, byte[] content, string type, bool isFinal)
    {
        var services = context.RequestServices;
        // Who has a key may keep them; a proxy on the way would show them to those without one.
        var who = services.GetRequiredService<ApiKeys>().IsReadingOpen ? "public" : "private";
        var cache = !services.GetRequiredService<AddressPolicy>().IdsLast ? AskAgain : isFinal ? $"{who}, max-age=31536000, immutable" : $"{who}, max-age=30";
        return Bytes(context, content, type, cache);
    }

    /// <summary>JSON, which may change with any job.</summary>
    public static IResult Json(HttpContext context, byte[] content) => Bytes(context, content, "application/json; charset=utf-8", AskAgain);

    /// <summary>A script or style; its address names its version.</summary>
    public static IResult Asset(HttpContext context, byte[] content, string type, bool isOfThisVersion) =>
        Bytes(context, content, type, isOfThisVersion ? "public, max-age=31536000, immutable" : AskAgain);

    private static IResult Bytes(HttpContext context, byte[] content, string type, string cache)
    {
        context.Response.Headers.CacheControl = cache;
        return Results.Bytes(content, type, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(XxHash64.Hash(content))}\""));
    }
}
