using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using VizPipeline.Catalog;
using VizPipeline.Web.Data;
using VizPipeline.Web.Export;

namespace VizPipeline.Web.Api;

/// <summary>Two atlases side by side.</summary>
internal static class CompareEndpoints
{
    public static async Task<IResult> LayersAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableAnswer.Of(context, ComparisonTables.Layers, comparison.Layers, next: null);
    }

    public static async Task<IResult> KinAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableAnswer.Of(context, ComparisonTables.Kin, comparison.Kin, next: null);
    }

    public static async Task<IResult> NeuronsAsync(
        [Description("An atlas")] string one,
        [Description("Another one")] string other,
        [Description("A layer's name in the first")] string? layer,
        [Description("How many, 1 to 500; 100 unless said")] int? limit,
        HttpContext context, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        var comparison = await FindAsync(one, other, comparisons, database, cancellation);
        return TableAnswer.Of(context, ComparisonTables.Neurons, comparison.MostChanged(layer is null ? null : Found.Layer(comparison.One, layer)).Take(KeyCursor.Limit(limit)), next: null);
    }

    private static async Task<AtlasComparison> FindAsync(string one, string other, Comparisons comparisons, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return await comparisons.FindAsync(catalog, await Found.AtlasAsync(catalog, one, cancellation), await Found.AtlasAsync(catalog, other, cancellation), cancellation);
    }
}
