using System.Text;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Export;

/// <summary>An exported file.</summary>
internal sealed record ExportedFile(string Name, long Rows);

/// <summary>Exports the tables of an atlas to files, row by row.</summary>
internal static class AtlasExport
{
    /// <summary>The file that describes the others.</summary>
    public const string Readme = "README.md";

    /// <summary>The names of the exported tables.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        LayerExport.Table.Name, NeuronExport.Table.Name, PatchExport.Table.Name, PictureExport.Table.Name, ImageExport.Table.Name,
        SimilarExport.Table.Name, FacetExport.Table.Name,
    ];

    /// <summary>
    /// Writes all tables to <paramref name="folder"/>, and a page that describes them. The files appear together, when all are complete.
    /// </summary>
    public static async Task<IReadOnlyList<ExportedFile>> WriteAsync(
        CatalogContext catalog, int id, AtlasSpec spec, SimilarNeuronsCache similar, ExportFormat format, string folder,
        CancellationToken cancellation)
    {
        using var files = new ExportFiles(folder);
        var exported = new List<ExportedFile>();
        foreach (var table in Tables)
        {
            var name = $"{table}.{format.Extension}";
            exported.Add(new ExportedFile(name, await WriteAsync(
                catalog, id, spec, similar, format, table, files.Create(name), cancellation)));
        }
        await using (var readme = files.Create(Readme))
            await readme.WriteAsync(Encoding.UTF8.GetBytes(ExportReadme.Write(spec, format)), cancellation);
        files.Commit();
        return exported;
    }

    /// <summary>Writes one of <see cref="Tables"/> and closes the stream.</summary>
    /// <returns>The number of rows.</returns>
    public static async Task<long> WriteAsync(
        CatalogContext catalog, int id, AtlasSpec spec, SimilarNeuronsCache similar, ExportFormat format, string table, Stream stream,
        CancellationToken cancellation)
    {
        var names = new AtlasNames(spec);
        return table switch
        {
            _ when table == LayerExport.Table.Name => await WriteAsync(
                LayerExport.Table, (await catalog.LayersAsync(id, cancellation)).ToAsyncEnumerable()),
            _ when table == NeuronExport.Table.Name => await WriteAsync(
                NeuronExport.Table, NeuronExport.ReadAllAsync(catalog, id, names, cancellation)),
            _ when table == PatchExport.Table.Name => await WriteAsync(
                PatchExport.Table, PatchExport.ReadAllAsync(catalog, id, names, cancellation)),
            _ when table == PictureExport.Table.Name => await WriteAsync(
                PictureExport.Table, PictureExport.ReadAllAsync(catalog, id, spec.Id, cancellation)),
            _ when table == SimilarExport.Table.Name => await WriteAsync(
                SimilarExport.Table, SimilarExport.ReadAllAsync(catalog, id, spec, similar, cancellation)),
            _ when table == FacetExport.Table.Name => await WriteAsync(
                FacetExport.Table, FacetExport.ReadAllAsync(catalog, id, spec.Id, cancellation)),
            _ => await WriteAsync(ImageExport.Table, ImageExport.ReadAllAsync(catalog, id, names)),
        };

        async Task<long> WriteAsync<TRow>(ExportTable<TRow> description, IAsyncEnumerable<TRow> rows)
        {
            var count = 0L;
            await using var writer = await format.Open(stream, description.Columns, DescribeTable(description, spec), cancellation);
            await foreach (var row in rows.WithCancellation(cancellation))
            {
                await writer.WriteAsync(description.Values(row), cancellation);
                count++;
            }
            await writer.CompleteAsync(cancellation);
            return count;
        }
    }

    private static Dictionary<string, string> DescribeTable<TRow>(ExportTable<TRow> table, AtlasSpec spec)
    {
        var notes = new Dictionary<string, string>
        {
            ["atlas"] = spec.Id,
            ["spec_hash"] = spec.Hash(),
            ["manifest_hash"] = spec.Images.ManifestHash,
            ["table"] = table.Meaning,
        };
        foreach (var column in table.Columns)
        {
            notes.Add($"meaning:{column.Name}", column.Meaning);
            if (column.Unit is { } unit)
                notes.Add($"unit:{column.Name}", unit);
        }
        return notes;
    }
}
