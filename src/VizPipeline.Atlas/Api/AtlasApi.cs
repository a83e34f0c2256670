using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Api;

/// <summary>The REST API below <c>/api/v1</c>: the tables of the exports, filtered, sorted and paged.</summary>
internal static class AtlasApi
{
    private const string Atlas = "/atlases/{atlas}";
    private const string Neuron = Atlas + "/layers/{layer}/neurons/{channel:int}";

    public static void MapApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").ExplainErrors();
        api.MapGet("/atlases", AtlasesAsync).Describe(AtlasTable.Table, "atlases", "All atlases, the newest first");
        api.MapGet(Atlas, AtlasAsync).Describe("atlases", "One atlas: its state, layers and complete spec");
        api.MapGet(Atlas + "/layers", LayersAsync).Describe(LayerExport.Table, "layers", "The observed layers in network order");
        api.MapGet(Atlas + "/layers/{layer}", LayerAsync).Describe("layers", "One layer");
        api.MapGet(Atlas + "/neurons", NeuronEndpoints.NeuronsAsync)
            .Describe(NeuronExport.Table, "neurons", "Neurons by layer, class and statistics, sorted by any statistic");
        api.MapGet(Neuron, NeuronEndpoints.NeuronAsync).Describe("neurons", "One neuron with its patches and pictures");
        api.MapGet(Neuron + "/similar", NeuronEndpoints.SimilarAsync)
            .Describe(
                SimilarTable.Table, "neurons",
                "The neurons most similar to a neuron, by the cosine of their centred activations over up to 512 images of the set");
        api.MapGet(Neuron + "/facets", NeuronEndpoints.FacetsAsync)
            .Describe(
                FacetExport.Table, "neurons",
                "The facets into which the 100 images that excite a neuron most divide; empty where the atlas has none");
        api.MapGet(Neuron + "/top", ActivationEndpoints.TopAsync)
            .Describe(ActivationTables.Top, "neurons", "The 100 images that excite a neuron most, by exact activations");
        api.MapGet(Neuron + "/bottom", ActivationEndpoints.BottomAsync)
            .Describe(
                ActivationTables.Top, "neurons", "The nine images that excite a neuron least, by exact activations; of layers with values "
                + "below 0");
        api.MapGet(Neuron + "/classes", ActivationEndpoints.ClassesAsync)
            .Describe(
                ActivationTables.Classes, "neurons",
                "The mean activation of a neuron over the images of each class, the largest first");
        api.MapGet(Neuron + "/activations", ActivationEndpoints.ImagesAsync)
            .Describe(
                ActivationTables.Images, "activations",
                "The activations of a neuron over all images or some of them, the strongest first: as many as are asked for");
        api.MapGet(Neuron + "/exemplars", ActivationEndpoints.ExemplarsAsync)
            .Describe(
                ActivationTables.Exemplars, "activations",
                "A few images of every band of a neuron's activations above the median, or of the classes that it prefers");
        api.MapGet(Neuron + "/distribution", ActivationEndpoints.DistributionAsync)
            .Describe("activations", "Mean, quantiles and histogram of a neuron's kept activations over all images or some of them");
        api.MapGet(Neuron + "/bundle.zip", NeuronBundle.DownloadAsync)
            .Describe("neurons", "Everything about one neuron as a zip archive: JSON, patches as CSV, and all pictures");
        api.MapGet(Atlas + "/patches", TableEndpoints.PatchesAsync)
            .Describe(PatchExport.Table, "patches", "Top patches by layer, channel and image");
        api.MapGet(Atlas + "/pictures", TableEndpoints.PicturesAsync)
            .Describe(
                PictureExport.Table, "pictures",
                "Pictures by layer, channel, method and status. The address of a picture is /atlases/ATLAS/pictures/FILE");
        api.MapGet(Atlas + "/images", TableEndpoints.ImagesAsync).Describe(ImageExport.Table, "images", "Images of the set by class");
        api.MapGet(Atlas + "/images/{index:int}", TableEndpoints.ImageAsync)
            .Describe("images", "One image and its places in the top 9 of neurons");
        api.MapGet(Atlas + "/images/{index:int}/activations", ActivationEndpoints.NeuronsAsync)
            .Describe(
                ActivationTables.Neurons, "activations",
                "The neurons that an image excites most, by the share of their largest activation");
        api.MapGet(Atlas + "/images/{index:int}/alike", ActivationEndpoints.AlikeAsync)
            .Describe(
                ActivationTables.Alike, "activations",
                "The images whose activations in a layer are most like those of an image, by their cosine");
        api.MapGet(Atlas + "/activations", ActivationEndpoints.LayersAsync)
            .Describe(ActivationTables.Layers, "activations", "What is kept of the activations of each layer");
        api.MapGet(Atlas + "/selective", ActivationEndpoints.SelectiveAsync)
            .Describe(
                ActivationTables.Selective, "neurons",
                "The neurons that are most selective for some classes together, such as all breeds of dogs");
        api.MapGet(Atlas + "/correlation", ActivationEndpoints.CorrelationAsync)
            .Describe("activations", "The Pearson correlation of two neurons' kept activations");
        api.MapGet(Atlas + "/layers/{layer}/activations.npy", ActivationEndpoints.FileAsync)
            .Describe("activations", "A layer's kept activations as a NumPy file, float16 [images, neurons]");
        api.MapGet(Atlas + "/classes", TableEndpoints.ClassesAsync)
            .Describe(
                ClassExport.Table, "classes", "Classes with the number of their images, and of the neurons whose best class they are");
        api.MapGet(Atlas + "/jobs", TableEndpoints.JobsAsync)
            .Describe(JobExport.Table, "jobs", "Jobs by kind and state, with error messages");
        api.MapGet("/compare/layers", CompareEndpoints.LayersAsync)
            .Describe(
                ComparisonTables.Layers, "compare", "Compare two atlases: the layers in both, and the share of the top 9 that is kept");
        api.MapGet("/compare/kin", CompareEndpoints.KinAsync)
            .Describe(
                ComparisonTables.Kin, "compare",
                "Compare two atlases of the same images: for each layer that only the first has, the most similar layer of the other");
        api.MapGet("/compare/neurons", CompareEndpoints.NeuronsAsync)
            .Describe(ComparisonTables.Neurons, "compare", "Compare two atlases: the neurons whose top 9 changed most");
        api.MapGet(Atlas + "/export/{file}", TableDownload.DownloadAsync)
            .Describe(
                "export", "A complete table as a file: layers, neurons, patches, pictures, images, similar_neurons or facets, with the "
                + "extension .csv, .jsonl or .parquet");
    }

    private static async Task<IResult> AtlasesAsync(HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableResults.Page(context, AtlasTable.Table, await AtlasSummary.ReadAllAsync(catalog, cancellation), next: null);
    }

    private static async Task<IResult> AtlasAsync(
        string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var summary = (await AtlasSummary.ReadAsync(catalog, [view.Row], cancellation))[0];
        return TableResults.Json(context, json =>
        {
            json.WriteStartObject();
            new JsonRow(AtlasTable.Table.Columns).WriteMembers(json, AtlasTable.Table.Values(summary));
            json.WritePropertyName("layers");
            TableResults.WriteRows(json, LayerExport.Table, view.Layers);
            json.WritePropertyName("spec");
            json.WriteRawValue(view.Row.Spec);
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> LayersAsync(
        string atlas, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        return TableResults.Page(
            context, LayerExport.Table, (await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation)).Layers, next: null);
    }

    private static async Task<IResult> LayerAsync(
        string atlas, string layer, HttpContext context, CatalogDatabase database, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var found = CatalogLookup.GetLayer(await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation), layer);
        return TableResults.Json(context, json => TableResults.WriteRow(json, LayerExport.Table, found));
    }
}
