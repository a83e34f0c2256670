using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Api;

/// <summary>Everything about one neuron, as JSON and as a zip archive with its pictures.</summary>
internal static class NeuronBundle
{
    /// <summary>Returns the neuron with its patches, pictures, facets, similar neurons and links as JSON.</summary>
    public static byte[] Json(LoadedAtlas atlas, NeuronContents contents) => TableResults.ToBytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("atlas", atlas.Id);
        new JsonRow(NeuronExport.Table.Columns)
            .WriteMembers(json, NeuronExport.Table.Values(new(contents.Layer, contents.Neuron, atlas.Names, FindMismatch(contents))));
        json.WritePropertyName("patches");
        TableResults.WriteRows(json, PatchExport.Table, Patches(atlas, contents));
        json.WritePropertyName("pictures");
        TableResults.WriteRows(
            json, PictureExport.Table,
            contents.Pictures.Select(picture => PictureExport.CreateRow(contents.Layer.Name, picture, atlas.Id)));
        json.WritePropertyName("facets");
        TableResults.WriteRows(
            json, FacetExport.Table, contents.Facets.Select(facet => new FacetExport.Row(contents.Layer.Name, facet, atlas.Id)));
        json.WritePropertyName("similar");
        TableResults.WriteRows(json, SimilarTable.Table, contents.Similar);
        json.WritePropertyName("inputs");
        TableResults.WriteRows(json, LinkExport.Inputs, contents.Links.Inputs);
        json.WritePropertyName("outputs");
        TableResults.WriteRows(json, LinkExport.Outputs, contents.Links.Outputs);
        json.WriteString("spec_hash", atlas.Row.SpecHash);
        json.WriteEndObject();
    });

    /// <summary>Returns a zip archive with the neuron's JSON, its patches as CSV, and all its pictures.</summary>
    public static async Task<IResult> DownloadAsync(
        string atlas, string layer, int channel, NeuronReader reader, CatalogDatabase database, IObjectStore store,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        var contents = await CatalogLookup.GetNeuronAsync(
            reader, catalog, view, CatalogLookup.GetLayer(view, layer), channel, cancellation);
        using var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            await AddAsync(zip, "neuron.json", Json(view, contents), CompressionLevel.Optimal, cancellation);
            await AddAsync(zip, "patches.csv", await CsvAsync(view, contents, cancellation), CompressionLevel.Optimal, cancellation);
            foreach (var picture in contents.Pictures)
            {
                // PNG files are already compressed.
                if (picture.Key is { } key && await store.TryGetAsync(key, cancellation) is { } bytes)
                    await AddAsync(zip, GetFileName(picture), bytes, CompressionLevel.NoCompression, cancellation);
            }
        }
        return Results.Bytes(archive.ToArray(), "application/zip", $"{view.Id}-{LoadedAtlas.GetSlug(contents.Layer)}-{channel}.zip");
    }

    private static string GetFileName(Picture picture)
    {
        var variant = picture.Variant.Length > 0 ? $"-{picture.Variant.Replace(' ', '-')}-seed{picture.Seed}" : "";
        return $"{picture.Method}{variant}.png";
    }

    private static bool? FindMismatch(NeuronContents contents) =>
        contents.Patches.Select(row => row.Patch.Mismatch)
        .Aggregate((bool?)null, (all, one) => one is null ? all : all == true || one.Value);

    private static IEnumerable<PatchExport.Row> Patches(LoadedAtlas atlas, NeuronContents contents) =>
        contents.Patches.Select(
            row => new PatchExport.Row(contents.Layer.Name, row.Patch, row.Image.Path, atlas.ClassName(row.Image.Label)));

    private static async Task<byte[]> CsvAsync(LoadedAtlas atlas, NeuronContents contents, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await using (var csv = new CsvTableWriter(buffer, PatchExport.Table.Columns))
        {
            foreach (var row in Patches(atlas, contents))
                await csv.WriteAsync(PatchExport.Table.Values(row), cancellation);
            await csv.CompleteAsync(cancellation);
        }
        return buffer.ToArray();
    }

    private static async Task AddAsync(ZipArchive zip, string name, byte[] content, CompressionLevel level, CancellationToken cancellation)
    {
        await using var entry = await zip.CreateEntry(name, level).OpenAsync(cancellation);
        await entry.WriteAsync(content, cancellation);
    }
}
