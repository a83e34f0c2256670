using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Export;

/// <summary>An exported file.</summary>
internal sealed record ExportedFile(string Name, long Rows);

/// <summary>Exports the tables of an atlas to files, row by row.</summary>
internal static class AtlasExport
{
    /// <summary>The names of the exported tables.</summary>
    public static IReadOnlyList<string> Tables { get; } =
        [LayerExport.Table.Name, NeuronExport.Table.Name, PatchExport.Table.Name, PictureExport.Table.Name];

    /// <summary>Writes all tables to <paramref name="folder"/>. The files appear together, when all are complete.</summary>
    public static async Task<IReadOnlyList<ExportedFile>> WriteAsync(
        CatalogContext catalog, int id, AtlasSpec spec, ExportFormat format, string folder, CancellationToken cancellation)
    {
        using var files = new ExportFiles(folder);
        var exported = new List<ExportedFile>();
        foreach (var table in Tables)
        {
            var name = $"{table}.{format.Extension}";
            exported.Add(new ExportedFile(name, await WriteAsync(catalog, id, spec, format, table, files.Create(name), cancellation)));
        }
        files.Commit();
        return exported;
    }

    /// <summary>Writes one of <see cref="Tables"/> and closes the stream.</summary>
    /// <returns>The number of rows.</returns>
    public static async Task<long> WriteAsync(
        CatalogContext catalog, int id, AtlasSpec spec, ExportFormat format, string table, Stream stream, CancellationToken cancellation)
    {
        var names = new AtlasNames(spec);
        if (table == LayerExport.Table.Name)
            return await WriteAsync(
                format, LayerExport.Table, (await catalog.LayersAsync(id, cancellation)).ToAsyncEnumerable(), stream, cancellation);
        if (table == NeuronExport.Table.Name)
            return await WriteAsync(
                format, NeuronExport.Table, NeuronExport.ReadAllAsync(catalog, id, names, cancellation), stream, cancellation);
        if (table == PatchExport.Table.Name)
            return await WriteAsync(
                format, PatchExport.Table, PatchExport.ReadAllAsync(catalog, id, names, cancellation), stream, cancellation);
        return await WriteAsync(
            format, PictureExport.Table, PictureExport.ReadAllAsync(catalog, id, spec.Id, cancellation), stream, cancellation);
    }

    private static async Task<long> WriteAsync<TRow>(
        ExportFormat format, ExportTable<TRow> table, IAsyncEnumerable<TRow> rows, Stream stream, CancellationToken cancellation)
    {
        var count = 0L;
        await using var writer = await format.Open(stream, table.Columns, cancellation);
        await foreach (var row in rows.WithCancellation(cancellation))
        {
            await writer.WriteAsync(table.Values(row), cancellation);
            count++;
        }
        await writer.CompleteAsync(cancellation);
        return count;
    }
}
