using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Api;

/// <summary>Endpoints that compare two atlases.</summary>
internal static class CompareEndpoints
{
    public static async Task<IResult> LayersAsync(
        [Description("Id of the first atlas")] string one,
        [Description("Id of the other atlas")] string other,
        HttpContext context, ComparisonCache comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableResults.Page(context, ComparisonTables.Layers, comparison.Layers, next: null);
    }

    public static async Task<IResult> KinAsync(
        [Description("Id of the first atlas")] string one,
        [Description("Id of the other atlas")] string other,
        HttpContext context, ComparisonCache comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableResults.Page(context, ComparisonTables.Kin, comparison.Kin, next: null);
    }

    public static async Task<IResult> NeuronsAsync(
        [Description("Id of the first atlas")] string one,
        [Description("Id of the other atlas")] string other,
        [Description("Name of a layer of the first atlas")] string? layer,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, ComparisonCache comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableResults.Page(
            context, ComparisonTables.Neurons,
            comparison.MostChanged(layer is null ? null : CatalogLookup.GetLayer(comparison.One, layer)).Take(KeyCursor.CheckLimit(limit)),
            next: null);
    }

    private static async Task<AtlasComparison> FindAsync(
        string one, string other, ComparisonCache comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return await comparisons.FindAsync(
            catalog, await CatalogLookup.GetAtlasAsync(catalog, one, cancellation),
            await CatalogLookup.GetAtlasAsync(catalog, other, cancellation), cancellation);
    }
}
