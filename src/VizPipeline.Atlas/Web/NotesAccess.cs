using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Hosting;

namespace VizPipeline.Atlas.Web;

/// <summary>Who may make lists of neurons on this server, besides those who have a key.</summary>
/// <param name="IsOpen">Whether everybody may who reaches the server: the user of <c>viz serve</c>.</param>
public sealed record NotesPolicy(bool IsOpen);

/// <summary>Who may keep lists and notes. Reading a list needs its address, changing it also the list's key or an API key.</summary>
internal static class NotesAccess
{
    /// <summary>The request header with the key of a list.</summary>
    public const string KeyHeader = "X-List-Key";

    /// <summary>Returns whether a request may make a list.</summary>
    public static bool MayMake(HttpContext context) =>
        context.RequestServices.GetRequiredService<NotesPolicy>().IsOpen
            || context.RequestServices.GetRequiredService<ApiKeys>().KnowsReader(context.Request);

    /// <summary>Returns whether a request may change every list: one with an API key.</summary>
    public static bool MayChangeAll(HttpContext context) =>
        context.RequestServices.GetRequiredService<ApiKeys>().KnowsWriter(context.Request);

    /// <summary>Returns whether a sign-in would allow making lists.</summary>
    public static bool MaySignIn(HttpContext context) => context.RequestServices.GetRequiredService<ApiKeys>().HasKeys;

    /// <summary>Tells the scripts of a page whether lists can be made: <c>yes</c>, after a sign-in (<c>key</c>), or <c>no</c>.</summary>
    public static string Describe(HttpContext context) => MayMake(context) ? "yes" : MaySignIn(context) ? "key" : "no";
}
