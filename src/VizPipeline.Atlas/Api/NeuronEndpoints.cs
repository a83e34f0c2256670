using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using VizPipeline.Catalog;
using VizPipeline.Web.Data;
using VizPipeline.Web.Export;

namespace VizPipeline.Web.Api;

/// <summary>Neurons: found by filters, and one by one with all that is known of it.</summary>
internal static class NeuronEndpoints
{
    public static async Task<IResult> NeuronsAsync(
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

    public static async Task<IResult> NeuronAsync(string atlas, string layer, int channel, HttpContext context, NeuronReader reader, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var contents = await Found.NeuronAsync(reader, catalog, view, Found.Layer(view, layer), channel, cancellation);
        return Answers.Json(context, NeuronBundle.Json(view, contents));
    }

    public static async Task<IResult> SimilarAsync(
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
}
