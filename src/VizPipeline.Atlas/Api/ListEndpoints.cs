using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Api;

/// <summary>Endpoints of lists of neurons. Who knows a list's id may read it; who also sends its key may change it.</summary>
internal static class ListEndpoints
{
    /// <summary>The name of the rate limit.</summary>
    public const string Limit = "lists";

    // A note whose characters are all escaped, six bytes each, and room to spare.
    private const int LargestBody = 32 << 10;
    private const string Neuron = "/{list}/neurons/{layer}/{channel:int}";

    public static void MapLists(this IEndpointRouteBuilder app)
    {
        // Changes are open to all who may read, because the endpoints check keys of lists. They take only JSON, which a browser sends to
        // another site's server only if that server agrees.
        var lists = app.MapGroup("/api/v1/atlases/{atlas}/lists").RequireRateLimiting(Limit).WithMetadata(
            new OpenToAll(), new RequestSizeLimitAttribute(LargestBody)).ExplainErrors().ExplainRefusals();
        lists.MapGet("", ReadAllAsync).Describe(ListExport.Lists, "lists", "All lists of neurons of an atlas; needs an API key");
        lists.MapPost("", CreateAsync).Describe(
            "lists", "Make a list: {\"title\": \"...\"}. Returns its id, and once its key, which changes need as X-List-Key");
        lists.MapGet("/{list}", ReadAsync).Describe("lists", "A list with its neurons and notes");
        lists.MapPut("/{list}", RenameAsync).Describe("lists", "Give a list another title: {\"title\": \"...\"}");
        lists.MapDelete("/{list}", DeleteAsync).Describe("lists", "Delete a list with its notes");
        lists.MapPut(Neuron, PutAsync).Describe(
            "lists", "Add a neuron to a list, or change its note: {\"note\": \"...\"}; without a note, the present one stays");
        lists.MapDelete(Neuron, RemoveAsync).Describe("lists", "Take a neuron out of a list");
        lists.MapGet("/{list}/neurons.{extension}", DownloadAsync).Describe("lists", "A list as a file: csv, jsonl or parquet");
    }

    /// <summary>The body that gives a list its title.</summary>
    internal sealed record TitleBody(string? Title);

    /// <summary>The body that writes a note.</summary>
    internal sealed record NoteBody(string? Note);

    private static RouteGroupBuilder ExplainRefusals(this RouteGroupBuilder group)
    {
        group.AddEndpointFilter(async (context, next) =>
        {
            // The answers depend on keys in headers, and lists change.
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            try
            {
                return await next(context);
            }
            catch (NoteRefusedException refused)
            {
                throw new QueryException(refused.Message);
            }
        });
        return group;
    }

    private static async Task<IResult> ReadAllAsync(
        string atlas, HttpContext context, NeuronLists lists, CatalogDatabase database, CancellationToken cancellation)
    {
        if (!NotesAccess.MayChangeAll(context))
            return Refuse("all lists are shown only to callers with an API key; a single one to everybody who has its address");
        await using var catalog = database.Open();
        await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var all = await lists.ReadAllAsync(atlas, cancellation);
        return Json(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("items");
            TableResults.WriteRows(json, ListExport.Lists, all);
            json.WriteNull("next");
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> CreateAsync(
        string atlas, TitleBody body, HttpContext context, NeuronLists lists, CatalogDatabase database, CancellationToken cancellation)
    {
        if (!NotesAccess.MayMake(context))
            return Refuse(
                NotesAccess.MaySignIn(context) ? "making lists needs a key: sign in at /sign-in, or send a key as X-Api-Key"
                    : "this server has no keys (Http__ApiKeys__0, Http__ReadKeys__0), so nobody may make lists here");
        await using var catalog = database.Open();
        await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var (list, key) = await lists.CreateAsync(atlas, body.Title ?? "", cancellation);
        return Results.Json(new { list.Id, list.Title, Key = key }, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ReadAsync(
        string atlas, string list, NeuronLists lists, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await ListContents.ReadAsync(catalog, view, lists, list, cancellation);
        return Json(json =>
        {
            json.WriteStartObject();
            new JsonRow(ListExport.Lists.Columns).WriteMembers(json, ListExport.Lists.Values(contents.List));
            json.WritePropertyName("items");
            TableResults.WriteRows(json, ListExport.Neurons, ListExport.CreateRows(view, contents));
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> RenameAsync(
        string atlas, string list, TitleBody body, HttpContext context, NeuronLists lists, CancellationToken cancellation) =>
        await ChangeAsync(
            context, lists, atlas, list, () => lists.RenameAsync(atlas, list, body.Title ?? "", cancellation), cancellation);

    private static async Task<IResult> DeleteAsync(
        string atlas, string list, HttpContext context, NeuronLists lists, CancellationToken cancellation) =>
        await ChangeAsync(context, lists, atlas, list, () => lists.DeleteAsync(atlas, list, cancellation), cancellation);

    private static async Task<IResult> PutAsync(
        string atlas, string list, string layer, int channel, NoteBody body, HttpContext context, NeuronLists lists,
        CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var row = CatalogLookup.GetLayer(await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation), layer);
        if (channel < 0 || channel >= row.Channels)
            throw new NotFoundException($"Layer '{row.Name}' has no neuron {channel}. It has neurons 0 to {row.Channels - 1}.");
        return await ChangeAsync(
            context, lists, atlas, list, () => lists.PutAsync(atlas, list, row.Name, channel, body.Note, cancellation), cancellation);
    }

    private static async Task<IResult> RemoveAsync(
        string atlas, string list, string layer, int channel, HttpContext context, NeuronLists lists, CancellationToken cancellation)
    {
        // By what the list has, which the atlas may have no more.
        var names = (await lists.FindAsync(atlas, list, cancellation))?.Neurons.Select(neuron => neuron.Layer) ?? [];
        var name = names.FirstOrDefault(name => name == layer || AtlasKeys.LayerFileName(name) == layer) ?? layer;
        return await ChangeAsync(
            context, lists, atlas, list, () => lists.RemoveAsync(atlas, list, name, channel, cancellation), cancellation);
    }

    private static async Task<IResult> DownloadAsync(
        string atlas, string list, [Description("csv, jsonl or parquet")] string extension, NeuronLists lists, CatalogDatabase database,
        CancellationToken cancellation)
    {
        var format = ExportFormat.All.FirstOrDefault(format => format.Extension == extension)
            ?? throw new NotFoundException(
                $"There is no such file; the extensions are {string.Join(", ", ExportFormat.All.Select(of => of.Extension))}.");
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await ListContents.ReadAsync(catalog, view, lists, list, cancellation);
        using var buffer = new MemoryStream();
        await using (var writer = await format.Open(
            buffer, ListExport.Neurons.Columns, new Dictionary<string, string> { ["atlas"] = view.Id }, cancellation))
        {
            foreach (var row in ListExport.CreateRows(view, contents))
                await writer.WriteAsync(ListExport.Neurons.Values(row), cancellation);
            await writer.CompleteAsync(cancellation);
        }
        return Results.Bytes(buffer.ToArray(), format.MediaType, $"{view.Id}-list.{extension}");
    }

    private static async Task<IResult> ChangeAsync(
        HttpContext context, NeuronLists lists, string atlas, string id, Func<Task<bool>> change, CancellationToken cancellation)
    {
        if (await lists.FindAsync(atlas, id, cancellation) is not { } list)
            throw ListContents.Missing(Format.Excerpt(atlas));
        if (!list.IsKey(context.Request.Headers[NotesAccess.KeyHeader].ToString()) && !NotesAccess.MayChangeAll(context))
            return Refuse($"changing a list needs its key, as {NotesAccess.KeyHeader}, or an API key", StatusCodes.Status403Forbidden);
        return await change() ? Results.NoContent() : throw ListContents.Missing(Format.Excerpt(atlas));
    }

    private static IResult Json(Action<System.Text.Json.Utf8JsonWriter> write) =>
        Results.Bytes(TableResults.ToBytes(write), "application/json; charset=utf-8");

    private static IResult Refuse(string reason, int status = StatusCodes.Status401Unauthorized) =>
        Results.Problem(reason, statusCode: status, title: "Not allowed");
}
