using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Atlas.Api;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web;

/// <summary>Endpoints of the live tool. They pass the picture to a worker unchanged; this process neither decodes nor stores it.</summary>
internal static class LiveEndpoints
{
    /// <summary>The name of the rate limit.</summary>
    public const string Limit = "live";

    private const int ClassesShown = 5;

    public static void MapLive(this IEndpointRouteBuilder app)
    {
        var live = app.MapGroup("/api/v1/atlases/{atlas}/live").RequireRateLimiting(Limit).WithMetadata(new OpenToAll()).ExplainErrors()
            .AddEndpointFilter(TakeTurnAsync).WithTags("live").DisableAntiforgery();
        live.MapPost("/maps", MapsAsync)
            .WithSummary("All feature maps of a layer for a picture. The body is a JPEG, PNG, WebP, BMP or GIF file of at most 8 MB");
        live.MapGet("/scales", ScalesAsync)
            .WithSummary("The maximum of every channel of a layer over the images of the atlas, to draw feature maps on that scale");
        live.MapPost("/responses", ResponsesAsync)
            .WithSummary("The neurons that a picture activates most, compared with the images of the set");
        live.MapGet("/images/{index:int}/classes", ClassesAsync)
            .WithSummary("The classes that the network predicts for an image of the set, with probabilities");
        live.MapGet("/exemplar", ExemplarAsync)
            .WithSummary("The pixels of an image of the set that excite a neuron, drawn by a worker on request and then kept");
        live.MapPost("/deconvolution", DeconvolutionAsync)
            .WithSummary("The pixels that activated a channel: deconv, guided or gradient, at its strongest position or at y, x");
    }

    private static async ValueTask<object?> TakeTurnAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        using var turn = await ((LiveGate)context.HttpContext.RequestServices.GetService(typeof(LiveGate))!)
            .EnterAsync(context.HttpContext.RequestAborted);
        return await next(context);
    }

    private static async Task<IResult> MapsAsync(
        string atlas, string layer, HttpRequest request, ILiveRequests client, CatalogDatabase database, CancellationToken cancellation)
    {
        var name = await LayerAsync(database, atlas, layer, cancellation);
        var shown = await client.AskAsync(new ShowFeatureMaps(atlas, await BodyAsync(request, cancellation), name), cancellation);
        return Results.Json(
            new
            {
                shown.Channels,
                shown.Height,
                shown.Width,
                shown.Least,
                shown.Greatest,
                shown.Maps,
                shown.Crop,
                shown.Outputs,
                shown.Cost
            });
    }

    private static async Task<IResult> ScalesAsync(string atlas, string layer, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var row = CatalogLookup.GetLayer(await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation), layer);
        var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == row.Id).OrderBy(neuron => neuron.Channel)
            .Select(neuron => new { neuron.Max, neuron.Images }).ToListAsync(cancellation);
        return Results.Json(new { Images = neurons.Max(neuron => neuron.Images) ?? 0, Maxima = neurons.Select(neuron => neuron.Max) });
    }

    private static async Task<IResult> ResponsesAsync(
        string atlas, string? layer, int? limit, HttpRequest request, ILiveRequests client, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var only = layer is null ? null : CatalogLookup.GetLayer(view, layer);
        var count = KeyCursor.CheckLimit(limit);
        var shown = await client.AskAsync(new ShowResponses(atlas, await BodyAsync(request, cancellation)), cancellation);
        var found = await StrongestNeurons.FindAsync(catalog, view, shown.Activations, only, count, cancellation);
        return Results.Json(new
        {
            neurons = found.Select(response => new
            {
                layer = response.Layer.Name,
                slug = LoadedAtlas.GetSlug(response.Layer),
                response.Channel,
                response.Name,
                response.Activation,
                response.Ratio,
                response.Percentile,
            }),
            shown.Outputs,
            shown.Crop,
            shown.Cost,
        });
    }

    private static async Task<IResult> ClassesAsync(
        string atlas, int index, int? limit, ILiveRequests client, SourceCrops sources, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        if (view.OutputLayer is not { } layer)
            throw new QueryException("the atlas does not include the output layer of the network");
        var image = (await CatalogLookup.GetImageAsync(catalog, view, index, cancellation)).Image;
        var count = limit is null ? ClassesShown : KeyCursor.CheckLimit(limit);
        var file = await sources.GetFileAsync(view.Spec, image.Path, cancellation)
            ?? throw new LiveRefusedException("this server cannot read the image, so the network cannot be asked", isOutage: true);
        var shown = await client.AskAsync(new ShowResponses(atlas, file), cancellation);
        return Results.Json(new
        {
            layer = layer.Name,
            slug = LoadedAtlas.GetSlug(layer),
            classes = ClassPrediction.FindLargest(view, shown.Activations, count),
            shown.Cost,
        });
    }

    private static async Task<IResult> ExemplarAsync(
        string atlas, string layer, int channel, int image, ILiveRequests client, IObjectStore store, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var row = CatalogLookup.GetLayer(view, layer);
        ActivationQueries.CheckChannel(row, channel);
        var path = (await CatalogLookup.GetImageAsync(catalog, view, image, cancellation)).Image.Path;
        var exemplar = await store.TryGetAsync(AtlasKeys.Exemplar(view.Id, row.Name, channel, image), cancellation) is { } known
            ? VizJson.Read<Exemplar>(known)
            : (await client.AskAsync(new RenderExemplar(view.Id, row.Name, channel, image, path), cancellation)).Exemplar;
        return Results.Json(exemplar);
    }

    private static async Task<IResult> DeconvolutionAsync(
        string atlas, string layer, int channel, int? y, int? x, string? rule, HttpRequest request, ILiveRequests client,
        CatalogDatabase database, CancellationToken cancellation)
    {
        var name = await LayerAsync(database, atlas, layer, cancellation);
        var shown = await client.AskAsync(
            new ShowDeconvolution(atlas, await BodyAsync(request, cancellation), name, channel, y, x, rule ?? "deconv"), cancellation);
        return Results.Json(
            new
            {
                shown.Activation,
                shown.Y,
                shown.X,
                shown.Box,
                shown.EffectiveBox,
                shown.Deconvolution,
                shown.Crop,
                shown.Cost
            });
    }

    private static async Task<string> LayerAsync(CatalogDatabase database, string atlas, string layer, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return CatalogLookup.GetLayer(await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation), layer).Name;
    }

    private static async Task<byte[]> BodyAsync(HttpRequest request, CancellationToken cancellation)
    {
        var tooLarge = new LiveRefusedException($"the picture is larger than {LiveLimits.ImageBytes >> 20} MB");
        if (request.ContentLength > LiveLimits.ImageBytes)
            throw tooLarge;
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = LiveLimits.ImageBytes;
        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        try
        {
            await request.Body.CopyToAsync(body, cancellation);
        }
        catch (BadHttpRequestException)
        {
            throw tooLarge;
        }
        return body.Length == 0
            ? throw new LiveRefusedException("the body is empty: send the picture file as the request body") : body.Length == body.Capacity
            ? body.GetBuffer() : body.ToArray();
    }
}
