using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Api;

/// <summary>Endpoints that search neurons and return single ones.</summary>
internal static class NeuronEndpoints
{
    public static async Task<IResult> NeuronsAsync(
        string atlas,
        [Description("Names of layers, separated by commas; * and ? are wildcards")] string? layer,
        [Description("Part of the name of the best class or, for output neurons, of the output")] string? text,
        [Description("Name or index of the best class, the one with the largest mean activation")] string? best_class,
        [Description("Whether the neuron of a rectified layer is dead, that is, active on at most 0.1 % of the images")] bool? dead,
        [Description(
            "A condition on a statistic, such as class_selectivity>=0.5. If it is repeated, all conditions must hold")] string[]? where,
        [Description(
            "layer, or the name of a statistic; a leading minus sorts in descending order. By class_selectivity and top_purity, neurons "
            + "of rectified layers with fewer than 9 images above 0 (in small sets, half of the images) are left out, unless there is a "
            + "condition on active_images")] string? sort,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var query = new NeuronQuery
        {
            Layers = layer,
            Text = text,
            BestClass = best_class is { Length: > 0 } ? ClassIndex.Find(view, "best_class", best_class) : null,
            Dead = dead,
            Where = [.. (where ?? []).Select(NeuronCondition.Parse)],
            Sort = sort ?? "layer",
            Limit = KeyCursor.CheckLimit(limit),
            After = after,
        };
        var page = await query.ReadAsync(catalog, view, cancellation);
        return TableResults.Page(
            context, NeuronExport.Table, await NeuronExport.CreateRowsAsync(catalog, page.Items, view.Names, cancellation), page.Next);
    }

    public static async Task<IResult> NeuronAsync(
        string atlas, string layer, int channel, HttpContext context, NeuronReader reader, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetNeuronAsync(
            reader, catalog, view, CatalogLookup.GetLayer(view, layer), channel, cancellation);
        return CacheableResults.Json(context, NeuronBundle.Json(view, contents));
    }

    public static async Task<IResult> FacetsAsync(
        string atlas, string layer, int channel, HttpContext context, NeuronReader reader, CatalogDatabase database,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetNeuronAsync(
            reader, catalog, view, CatalogLookup.GetLayer(view, layer), channel, cancellation);
        return TableResults.Page(
            context, FacetExport.Table, contents.Facets.Select(facet => new FacetExport.Row(contents.Layer.Name, facet, view.Id)),
            next: null);
    }

    public static async Task<IResult> SimilarAsync(
        string atlas,
        string layer,
        int channel,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, NeuronReader reader, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var found = await reader.FindSimilarAsync(
            view, CatalogLookup.GetLayer(view, layer), channel, KeyCursor.CheckLimit(limit), cancellation);
        return TableResults.Page(
            context, SimilarTable.Table, await NeuronContents.ReadNeuronsAsync(catalog, view, found, cancellation), next: null);
    }
}
