using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VizPipeline.ActivationStore;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Api;

/// <summary>Endpoints about kept activations (docs/activations.md).</summary>
internal static class ActivationEndpoints
{
    private const int MostBins = 1000;
    private static readonly double[] UsualQuantiles = [0.5, 0.9, 0.99, 0.999];

    private delegate Task<IResult> Answer(ActivationQueries queries, LoadedAtlas atlas);

    public static Task<IResult> LayersAsync(
        string atlas, HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, _) =>
            TableResults.Page(context, ActivationTables.Layers, await queries.ReadLayersAsync(cancellation), next: null), cancellation);

    public static Task<IResult> TopAsync(
        string atlas,
        string layer,
        int channel,
        [Description("Number of rows, 1 to 500; default 100, which is the length of the list")] int? limit,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Top,
            await queries.ReadTopAsync(CatalogLookup.GetLayer(view, layer), channel, KeyCursor.CheckLimit(limit), cancellation),
            next: null), cancellation);

    public static Task<IResult> BottomAsync(
        string atlas, string layer, int channel, HttpContext context, IObjectStore store, CatalogDatabase database,
        CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Top, await queries.ReadBottomAsync(CatalogLookup.GetLayer(view, layer), channel, cancellation),
            next: null), cancellation);

    public static Task<IResult> ClassesAsync(
        string atlas,
        string layer,
        int channel,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Classes,
            await queries.ReadClassesAsync(CatalogLookup.GetLayer(view, layer), channel, KeyCursor.CheckLimit(limit), cancellation),
            next: null), cancellation);

    public static Task<IResult> ImagesAsync(
        string atlas,
        string layer,
        int channel,
        [Description("Name or index of a class: only its images")] string? @class,
        [Description("Pattern of paths, such as val/*: only these images; * and ? are wildcards")] string? path,
        [Description("Indices of images, separated by commas: only these")] string? images,
        [Description("-activation (the default), activation, or image")] string? sort,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        [Description("`next` of the previous page")] string? after,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation)
    {
        var order = (sort ?? "-activation") switch
        {
            "-activation" => ActivationOrder.Strongest,
            "activation" => ActivationOrder.Weakest,
            "image" => ActivationOrder.Image,
            _ => throw new QueryException($"sort: '{Format.Excerpt(sort!)}' is unknown; use -activation, activation or image"),
        };
        var take = KeyCursor.CheckLimit(limit);
        var skip = KeyCursor.Parse(after, 1) is [>= 0 and var given] ? (int)given : 0;
        return AskAsync(atlas, store, database, async (queries, view) =>
        {
            var (rows, first, total) = await queries.ReadImagesAsync(
                CatalogLookup.GetLayer(view, layer), channel, new ImageSubset(@class, path, ImageSubset.ParseImages(images)), order,
                _ => skip, take, cancellation);
            var next = first + rows.Count;
            return TableResults.Page(context, ActivationTables.Images, rows, next < total ? KeyCursor.Create(next) : null);
        }, cancellation);
    }

    public static Task<IResult> ExemplarsAsync(
        string atlas,
        string layer,
        int channel,
        [Description("bands (the default): three images of each band of activations above the median; classes: the three strongest "
            + "images of each of the five classes that the neuron prefers")] string? by,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation)
    {
        var isByClass = (by ?? "bands") switch
        {
            "bands" => false,
            "classes" => true,
            _ => throw new QueryException($"by: '{Format.Excerpt(by!)}' is unknown; use bands or classes"),
        };
        return AskAsync(atlas, store, database, async (queries, view) =>
        {
            var row = CatalogLookup.GetLayer(view, layer);
            return TableResults.Page(
                context, ActivationTables.Exemplars, ExemplarGroup.Flatten(
                    isByClass ? await queries.ReadClassExemplarsAsync(row, channel, cancellation)
                        : await queries.ReadBandsAsync(row, channel, cancellation)),
                next: null);
        }, cancellation);
    }

    public static Task<IResult> DistributionAsync(
        string atlas,
        string layer,
        int channel,
        [Description("Name or index of a class: only its images")] string? @class,
        [Description("Pattern of paths, such as val/*: only these images; * and ? are wildcards")] string? path,
        [Description("Indices of images, separated by commas: only these")] string? images,
        [Description("Number of bins of the histogram, 1 to 1000; default 32")] int? bins,
        [Description("Levels of quantiles, 0 to 1, separated by commas; default 0.5,0.9,0.99,0.999")] string? quantiles,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation)
    {
        if (bins is < 1 or > MostBins)
            throw new QueryException($"bins: {bins} is not from 1 to {MostBins}");
        var levels = ParseQuantiles(quantiles);
        return AskAsync(atlas, store, database, async (queries, view) =>
        {
            var found = await queries.DescribeAsync(
                CatalogLookup.GetLayer(view, layer), channel, new ImageSubset(@class, path, ImageSubset.ParseImages(images)),
                bins ?? NeuronFacts.HistogramBins, levels, cancellation);
            return TableResults.Json(context, json => Write(json, found, levels));
        }, cancellation);
    }

    public static Task<IResult> NeuronsAsync(
        string atlas,
        int index,
        [Description("Name of a layer; all layers if it is left out")] string? layer,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Neurons,
            await queries.ReadNeuronsAsync(
                index, layer is { Length: > 0 } ? [CatalogLookup.GetLayer(view, layer)] : view.Layers, KeyCursor.CheckLimit(limit),
                cancellation),
            next: null), cancellation);

    public static Task<IResult> SelectiveAsync(
        string atlas,
        [Description("Name or index of a class; may be repeated, for the neurons that respond to all of them alike")] string[] @class,
        [Description("Name of a layer; all layers if it is left out")] string? layer,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation)
    {
        if (@class.Length == 0)
            throw new QueryException("class: give at least one class");
        return AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Selective,
            await queries.FindSelectiveAsync(
                layer is { Length: > 0 } ? [CatalogLookup.GetLayer(view, layer)] : view.Layers,
                @class.Select(name => ClassIndex.Find(view, "class", name)).ToHashSet(), KeyCursor.CheckLimit(limit), cancellation),
            next: null), cancellation);
    }

    public static Task<IResult> AlikeAsync(
        string atlas,
        int index,
        [Description("Name of the layer whose activations are compared")] string layer,
        [Description("Number of rows, 1 to 500; default 100")] int? limit,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) => TableResults.Page(
            context, ActivationTables.Alike,
            await queries.FindAlikeAsync(index, CatalogLookup.GetLayer(view, layer), KeyCursor.CheckLimit(limit), cancellation),
            next: null), cancellation);

    public static Task<IResult> CorrelationAsync(
        string atlas,
        [Description("The first neuron, LAYER:CHANNEL")] string one,
        [Description("The other neuron, LAYER:CHANNEL")] string other,
        [Description("Name or index of a class: only its images")] string? @class,
        [Description("Pattern of paths, such as val/*: only these images; * and ? are wildcards")] string? path,
        HttpContext context, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) =>
        {
            var (correlation, images) = await queries.CorrelateAsync(
                ParseNeuron(view, "one", one), ParseNeuron(view, "other", other), new ImageSubset(@class, path), cancellation);
            return TableResults.Json(context, json =>
            {
                json.WriteStartObject();
                json.WriteString("one", one);
                json.WriteString("other", other);
                json.WriteNumber("images", images);
                if (correlation is { } value)
                    json.WriteNumber("correlation", value);
                else
                    json.WriteNull("correlation");
                json.WriteEndObject();
            });
        }, cancellation);

    public static Task<IResult> FileAsync(
        string atlas, string layer, IObjectStore store, CatalogDatabase database, CancellationToken cancellation) =>
        AskAsync(atlas, store, database, async (queries, view) =>
        {
            var row = CatalogLookup.GetLayer(view, layer);
            var kept = await queries.OpenAsync(row, cancellation);
            return Results.Stream(
                target => kept.WriteNpyAsync(target, cancellation), "application/octet-stream",
                $"{view.Id}-{LoadedAtlas.GetSlug(row)}-activations.npy");
        }, cancellation);

    /// <summary>Parses the levels of quantiles.</summary>
    /// <exception cref="QueryException">One of them is not from 0 to 1.</exception>
    public static IReadOnlyList<double> ParseQuantiles(string? text) => text is not { Length: > 0 } ? UsualQuantiles :
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part =>
            double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var level) && level is >= 0 and <= 1
                ? level : throw new QueryException($"quantiles: '{Format.Excerpt(part)}' is not a number from 0 to 1"))];

    /// <summary>Parses a neuron, <c>LAYER:CHANNEL</c>.</summary>
    /// <exception cref="QueryException">It is malformed.</exception>
    /// <exception cref="NotFoundException">There is no such layer.</exception>
    public static (Layer Layer, int Channel) ParseNeuron(LoadedAtlas atlas, string parameter, string text)
    {
        var (layer, channel) = SplitNeuron(parameter, text);
        return (CatalogLookup.GetLayer(atlas, layer), channel);
    }

    /// <summary>Splits a neuron, <c>LAYER:CHANNEL</c>, whose layer need not exist.</summary>
    /// <exception cref="QueryException">It is malformed.</exception>
    public static (string Layer, int Channel) SplitNeuron(string parameter, string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var channel)
            ? (text[..colon], channel)
            : throw new QueryException($"{parameter}: '{Format.Excerpt(text)}' is not a neuron; give LAYER:CHANNEL, such as conv1:7");
    }

    private static async Task<IResult> AskAsync(
        string atlas, IObjectStore store, CatalogDatabase database, Answer answer, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        return await answer(new ActivationQueries(store, catalog, view), view);
    }

    private static void Write(Utf8JsonWriter json, ValueDistribution? found, IReadOnlyList<double> levels)
    {
        json.WriteStartObject();
        json.WriteNumber("images", found?.Images ?? 0);
        if (found is not null)
        {
            json.WriteNumber("mean", found.Mean);
            json.WriteNumber("standard_deviation", found.StandardDeviation);
            json.WriteNumber("min", found.Min);
            json.WriteNumber("max", found.Max);
            json.WriteStartObject("quantiles");
            foreach (var (level, value) in levels.Zip(found.Quantiles))
                json.WriteNumber(level.ToString(CultureInfo.InvariantCulture), value);
            json.WriteEndObject();
            json.WriteStartArray("histogram");
            foreach (var count in found.Counts)
                json.WriteNumberValue(count);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
