using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Web.Export;

/// <summary>One exported file.</summary>
internal sealed record ExportedFile(string Name, long Rows);

/// <summary>Writes the tables of an atlas to files, a row at a time.</summary>
internal static class AtlasExport
{
    /// <summary>Writes all tables into <paramref name="folder"/>; the files appear when all are complete.</summary>
    public static async Task<IReadOnlyList<ExportedFile>> WriteAsync(CatalogContext catalog, int id, AtlasSpec spec, ExportFormat format, string folder, CancellationToken cancellation)
    {
        using var files = new ExportFiles(folder);
        var names = new AtlasNames(spec);
        var layers = (await catalog.LayersAsync(id, cancellation)).ToAsyncEnumerable();
        ExportedFile[] exported =
        [
            await WriteAsync(files, format, LayerExport.Table, layers, cancellation),
            await WriteAsync(files, format, NeuronExport.Table, NeuronExport.Rows(catalog, id, names, cancellation), cancellation),
            await WriteAsync(files, format, PatchExport.Table, PatchExport.Rows(catalog, id, names, cancellation), cancellation),
            await WriteAsync(files, format, PictureExport.Table, PictureExport.Rows(catalog, id, spec.Id, cancellation), cancellation),
        ];
        files.Commit();
        return exported;
    }

    private static async Task<ExportedFile> WriteAsync<TRow>(
        ExportFiles files, ExportFormat format, ExportTable<TRow> table, IAsyncEnumerable<TRow> rows, CancellationToken cancellation)
    {
        var (name, count) = ($"{table.Name}.{format.Extension}", 0L);
        await using var writer = await format.Open(files.Create(name), table.Columns, cancellation);
        await foreach (var row in rows.WithCancellation(cancellation))
        {
            await writer.WriteAsync(table.Values(row), cancellation);
            count++;
        }
        await writer.CompleteAsync(cancellation);
        return new ExportedFile(name, count);
    }
}
