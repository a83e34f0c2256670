using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Web.Data;
using VizPipeline.Web.Export;

namespace VizPipeline.Web.Api;

/// <summary>The atlas's REST API below <c>/api/v1</c>: the tables of exports, filtered, sorted and in pages.</summary>
internal static class AtlasApi
{
    private const string Atlas = "/atlases/{atlas}";
    private const string Neuron = Atlas + "/layers/{layer}/neurons/{channel:int}";

    public static void MapApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").ExplainErrors();
        api.MapGet("/atlases", AtlasesAsync).Describe(AtlasTable.Table, "atlases", "All atlases, the newest first");
        api.MapGet(Atlas, AtlasAsync).Describe("atlases", "One atlas: its state, its layers, its whole spec");
        api.MapGet(Atlas + "/layers", LayersAsync).Describe(LayerExport.Table, "layers", "The observed layers in their order");
        api.MapGet(Atlas + "/layers/{layer}", LayerAsync).Describe("layers", "One layer");
        api.MapGet(Atlas + "/neurons", NeuronsAsync).Describe(NeuronExport.Table, "neurons", "Neurons by layer, class and statistics, sorted by any statistic");
        api.MapGet(Neuron, NeuronAsync).Describe("neurons", "One neuron with its patches and pictures");
        api.MapGet(Neuron + "/similar", SimilarAsync).Describe(SimilarTable.Table, "neurons", "The neurons most like one, by the cosine of their centred activations over up to 512 images of the set");
        api.MapGet(Neuron + "/bundle.zip", NeuronBundle.AnswerAsync).Describe("neurons", "Everything of one neuron as a zip archive: its JSON, patches as CSV, all pictures");
        api.MapGet(Atlas + "/patches", PatchesAsync).Describe(PatchExport.Table, "patches", "Top patches by layer, channel and image");
        api.MapGet(Atlas + "/pictures", PicturesAsync).Describe(PictureExport.Table, "pictures", "Pictures by layer, channel, method and status; each lies at /atlases/ATLAS/pictures/FILE");
        api.MapGet(Atlas + "/images", ImagesAsync).Describe(ImageExport.Table, "images", "Images of the set by class");
        api.MapGet(Atlas + "/images/{index:int}", ImageAsync).Describe("images", "One image with the places that it holds in the top 9 of neurons");
        api.MapGet(Atlas + "/classes", ClassesAsync).Describe(ClassExport.Table, "classes", "Classes with their counts of images and of neurons that like them best");
        api.MapGet(Atlas + "/jobs", JobsAsync).Describe(JobExport.Table, "jobs", "Jobs by kind and state, with their errors");
        api.MapGet("/compare/layers", CompareLayersAsync).Describe(ComparisonTables.Layers, "compare", "Two atlases: the layers of both, and how much of the top 9 stayed");
        api.MapGet("/compare/kin", CompareKinAsync).Describe(ComparisonTables.Kin, "compare", "Two atlases over the same images: for each layer of the first that the other lacks, the one there that answers most alike");
        api.MapGet("/compare/neurons", CompareNeuronsAsync).Describe(ComparisonTables.Neurons, "compare", "Two atlases: the neurons whose top 9 changed most");
        api.MapGet(Atlas + "/export/{file}", TableDownload.AnswerAsync).Describe("export", "A whole table as a file: layers, neurons, patches or pictures, with the ending .csv, .jsonl or .parquet");
    }

    private static async Task<IResult> AtlasesAsync(HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableAnswer.Of(context, AtlasTable.Table, await AtlasSummary.AllAsync(catalog, cancellation), next: null);
    }

    private static async Task<IResult> AtlasAsync(string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var summary = (await AtlasSummary.OfAsync(catalog, [view.Row], cancellation))[0];
        return TableAnswer.Of(context, json =>
        {
            json.WriteStartObject();
            new JsonRow(AtlasTable.Table.Columns).WriteMembers(json, AtlasTable.Table.Values(summary));
            json.WritePropertyName("layers");
            TableAnswer.WriteRows(json, LayerExport.Table, view.Layers);
            json.WritePropertyName("spec");
            json.WriteRawValue(view.Row.Spec);
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> LayersAsync(string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableAnswer.Of(context, LayerExport.Table, (await Found.AtlasAsync(catalog, atlas, cancellation)).Layers, next: null);
    }

    private static async Task<IResult> LayerAsync(string atlas, string layer, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var found = Found.Layer(await Found.AtlasAsync(catalog, atlas, cancellation), layer);
        return TableAnswer.Of(context, json => TableAnswer.WriteRow(json, LayerExport.Table, found));
    }

    private static async Task<IResult> NeuronsAsync(
        string atlas,
        [Description("Names and patterns of layers with * and ?, separated by commas")] string? layer,
        [Description("Part of the name of the best class, or of the network's output that a neuron is")] string? text,
        [Description("Number of the class with the largest mean")] int? best_class,
        [Description("Whether active on 0.1 % of the images at most")] bool? dead,
        [Description("A bound on a statistic, such as class_selectivity>=0.5; may be given several times, and all must hold")] string[]? where,
        [Description("layer, or a statistic; with a minus before it the largest first")] string? sort,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        [Description("`next` of the page before")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var query = new NeuronQuery
        {
            Layers = layer,
            Text = text,
            BestClass = best_class,
            Dead = dead,
            Where = [.. (where ?? []).Select(NeuronCondition.Parse)],
            Sort = sort ?? "layer",
            Limit = KeyCursor.Limit(limit),
            After = after,
        };
        var page = await query.ReadAsync(catalog, view, cancellation);
        return TableAnswer.Of(context, NeuronExport.Table, await NeuronExport.RowsOf(catalog, page.Items, view.Names, cancellation), page.Next);
    }

    private static async Task<IResult> NeuronAsync(string atlas, string layer, int channel, HttpContext context, NeuronReader reader, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var contents = await Found.NeuronAsync(reader, catalog, view, Found.Layer(view, layer), channel, cancellation);
        return Answers.Json(context, NeuronBundle.Json(view, contents));
    }

    private static async Task<IResult> SimilarAsync(
        string atlas,
        string layer,
        int channel,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        HttpContext context, NeuronReader reader, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var found = await reader.MostLikeAsync(view, Found.Layer(view, layer), channel, KeyCursor.Limit(limit), cancellation);
        return TableAnswer.Of(context, SimilarTable.Table, await NeuronContents.NeuronsAsync(catalog, view, found, cancellation), next: null);
    }

    private static async Task<IResult> PatchesAsync(
        string atlas,
        [Description("A layer's name")] string? layer,
        [Description("A channel of it")] int? channel,
        [Description("Index of an image")] int? image,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        [Description("`next` of the page before")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var (ids, take) = (Found.LayerIds(view, layer), KeyCursor.Limit(limit));
        var patches = catalog.Patches.AsNoTracking().Where(patch => ids.Contains(patch.LayerId));
        if (channel is not null)
            patches = patches.Where(patch => patch.Channel == channel);
        if (image is not null)
            patches = patches.Where(patch => patch.ImageIndex == image);
        if (KeyCursor.Read(after, 3) is [var l, var c, var r])
            patches = patches.Where(patch => patch.LayerId > l || (patch.LayerId == l && (patch.Channel > c || (patch.Channel == c && patch.Rank > r))));
        var atlasId = view.Row.Id;
        var rows = await (
            from patch in patches.OrderBy(patch => patch.LayerId).ThenBy(patch => patch.Channel).ThenBy(patch => patch.Rank).Take(take + 1)
            join picture in catalog.Images.AsNoTracking() on new { AtlasId = atlasId, patch.ImageIndex } equals new { picture.AtlasId, picture.ImageIndex }
            orderby patch.LayerId, patch.Channel, patch.Rank
            select new { patch, picture.Path, picture.Label }).ToListAsync(cancellation);
        var (page, next) = KeyCursor.Page(rows, take, row => KeyCursor.Of(row.patch.LayerId, row.patch.Channel, row.patch.Rank));
        var names = view.Layers.ToDictionary(of => of.Id, of => of.Name);
        return TableAnswer.Of(context, PatchExport.Table, page.Select(row => new PatchExport.Row(names[row.patch.LayerId], row.patch, row.Path, view.ClassName(row.Label))), next);
    }

    private static async Task<IResult> PicturesAsync(
        string atlas,
        [Description("A layer's name")] string? layer,
        [Description("A channel of it; -1 for pictures of whole layers")] int? channel,
        [Description("top9, deconv, ascent or filters")] string? method,
        [Description("done, dead, converged or best_at_step")] string? status,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        [Description("`next` of the page before")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var (ids, take) = (Found.LayerIds(view, layer), KeyCursor.Limit(limit));
        var pictures = catalog.Pictures.AsNoTracking().Where(picture => ids.Contains(picture.LayerId));
        if (channel is not null)
            pictures = pictures.Where(picture => picture.Channel == channel);
        if (method is not null)
            pictures = pictures.Where(picture => picture.Method == method);
        if (status is not null)
            pictures = pictures.Where(picture => picture.Status == status);
        // A neuron has a dozen pictures at most: pages end at neurons, so that two numbers say where one ends.
        if (KeyCursor.Read(after, 2) is [var l, var c])
            pictures = pictures.Where(picture => picture.LayerId > l || (picture.LayerId == l && picture.Channel > c));
        var rows = await pictures.OrderBy(picture => picture.LayerId).ThenBy(picture => picture.Channel).ThenBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed)
            .Take(take + 1).ToListAsync(cancellation);
        var next = (string?)null;
        if (rows.Count > take)
        {
            var last = rows[^1];
            if (rows.Exists(row => (row.LayerId, row.Channel) != (last.LayerId, last.Channel)))
                rows.RemoveAll(row => (row.LayerId, row.Channel) == (last.LayerId, last.Channel));
            else
                rows = await pictures.Where(picture => picture.LayerId == last.LayerId && picture.Channel == last.Channel)
                    .OrderBy(picture => picture.Method).ThenBy(picture => picture.Variant).ThenBy(picture => picture.Seed).ToListAsync(cancellation);
            next = KeyCursor.Of(rows[^1].LayerId, rows[^1].Channel);
        }
        var names = view.Layers.ToDictionary(of => of.Id, of => of.Name);
        return TableAnswer.Of(context, PictureExport.Table, rows.Select(row => PictureExport.RowOf(names[row.LayerId], row, view.Id)), next);
    }

    private static async Task<IResult> ImagesAsync(
        string atlas,
        [Description("Number of a class")] int? @class,
        [Description("Whether only those that could not be read, or only the others")] bool? unreadable,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        [Description("`next` of the page before")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var (id, take) = (view.Row.Id, KeyCursor.Limit(limit));
        var images = catalog.Images.AsNoTracking().Where(image => image.AtlasId == id);
        if (@class is not null)
            images = images.Where(image => image.Label == @class);
        if (unreadable is not null)
            images = images.Where(image => image.UnreadableReason != null == unreadable);
        if (KeyCursor.Read(after, 1) is [var last])
            images = images.Where(image => image.ImageIndex > last);
        var (page, next) = KeyCursor.Page(await images.OrderBy(image => image.ImageIndex).Take(take + 1).ToListAsync(cancellation), take, image => KeyCursor.Of(image.ImageIndex));
        return TableAnswer.Of(context, ImageExport.Table, page.Select(image => new ImageExport.Row(image, view.Names)), next);
    }

    private static async Task<IResult> ImageAsync(string atlas, int index, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var contents = await Found.ImageAsync(catalog, view, index, cancellation);
        return TableAnswer.Of(context, json =>
        {
            json.WriteStartObject();
            new JsonRow(ImageExport.Table.Columns).WriteMembers(json, ImageExport.Table.Values(new(contents.Image, view.Names)));
            json.WriteNumber("places", contents.Count);
            json.WritePropertyName("patches");
            TableAnswer.WriteRows(json, PatchExport.Table, contents.Places.Select(place => new PatchExport.Row(place.Layer.Name, place.Patch, contents.Image.Path, view.ClassName(contents.Image.Label))));
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> ClassesAsync(string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableAnswer.Of(context, ClassExport.Table, await ClassLine.AllAsync(catalog, await Found.AtlasAsync(catalog, atlas, cancellation), cancellation), next: null);
    }

    private static async Task<IResult> JobsAsync(
        string atlas,
        [Description("scan, gather, merge, patches, ascent, filters or sheet")] string? kind,
        [Description("waiting, pending, sent, running, completed, failed, blocked or cancelled")] string? state,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        [Description("`next` of the page before")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var (id, take) = (view.Row.Id, KeyCursor.Limit(limit));
        var jobs = catalog.Jobs.AsNoTracking().Where(job => job.AtlasId == id);
        if (kind is not null)
        {
            var wanted = Found.OneOf<JobKind>(kind, "kind", QueueNames.Name);
            jobs = jobs.Where(job => job.Kind == wanted);
        }
        if (state is not null)
        {
            var wanted = Found.OneOf<JobState>(state, "state", EnumText.Of);
            jobs = jobs.Where(job => job.State == wanted);
        }
        if (KeyCursor.Read(after, 1) is [var last])
            jobs = jobs.Where(job => job.JobId > last);
        var (page, next) = KeyCursor.Page(await jobs.OrderBy(job => job.JobId).Take(take + 1).ToListAsync(cancellation), take, job => KeyCursor.Of(job.JobId));
        return TableAnswer.Of(context, JobExport.Table, page, next);
    }

    private static async Task<IResult> CompareLayersAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var comparison = await comparisons.FindAsync(catalog, await Found.AtlasAsync(catalog, one, cancellation), await Found.AtlasAsync(catalog, other, cancellation), cancellation);
        return TableAnswer.Of(context, ComparisonTables.Layers, comparison.Layers, next: null);
    }

    private static async Task<IResult> CompareKinAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var comparison = await comparisons.FindAsync(catalog, await Found.AtlasAsync(catalog, one, cancellation), await Found.AtlasAsync(catalog, other, cancellation), cancellation);
        return TableAnswer.Of(context, ComparisonTables.Kin, comparison.Kin, next: null);
    }

    private static async Task<IResult> CompareNeuronsAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        [Description("A layer's name in the first")] string? layer,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var first = await Found.AtlasAsync(catalog, one, cancellation);
        var comparison = await comparisons.FindAsync(catalog, first, await Found.AtlasAsync(catalog, other, cancellation), cancellation);
        return TableAnswer.Of(context, ComparisonTables.Neurons, comparison.MostChanged(layer is null ? null : Found.Layer(first, layer)).Take(KeyCursor.Limit(limit)), next: null);
    }
}
