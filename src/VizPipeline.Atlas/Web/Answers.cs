using System.IO.Hashing;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace VizPipeline.Web;

/// <summary>Answers that browsers may keep: each carries a hash of its content, and who shows the same hash gets no second copy.</summary>
internal static class Answers
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Shortly = "public, max-age=30";
    // Kept, but asked about every time: a hash costs a round trip and no bytes.
    private const string AskAgain = "no-cache";

    /// <summary>Bytes that never change once the atlas is finished.</summary>
    public static IResult Picture(HttpContext context, byte[] content, string type, bool isFinal) => Bytes(context, content, type, isFinal ? Forever : Shortly);

    /// <summary>JSON, which may change with any job.</summary>
    public static IResult Json(HttpContext context, byte[] content) => Bytes(context, content, "application/json; charset=utf-8", AskAgain);

    /// <summary>A script or style; its address names its version.</summary>
    public static IResult Asset(HttpContext context, byte[] content, string type, bool isOfThisVersion) => Bytes(context, content, type, isOfThisVersion ? Forever : AskAgain);

    private static IResult Bytes(HttpContext context, byte[] content, string type, string cache)
    {
        context.Response.Headers.CacheControl = cache;
        return Results.Bytes(content, type, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(XxHash64.Hash(content))}\""));
    }
}
