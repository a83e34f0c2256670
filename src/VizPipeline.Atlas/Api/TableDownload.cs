using Microsoft.AspNetCore.Http;
using VizPipeline.Catalog;
using VizPipeline.Web.Export;

namespace VizPipeline.Web.Api;

/// <summary>Whole tables as files. They are written to a temporary file first, so that a failure is an error and not half a table.</summary>
internal static class TableDownload
{
    private const int BufferBytes = 1 << 16;

    public static async Task<IResult> AnswerAsync(string atlas, string file, CatalogDatabase database, CancellationToken cancellation)
    {
        var (table, extension) = (Path.GetFileNameWithoutExtension(file), Path.GetExtension(file).TrimStart('.'));
        if (ExportFormat.All.FirstOrDefault(format => format.Extension == extension) is not { } format || !AtlasExport.Tables.Contains(table))
            throw new NotFoundException($"There is no such file; there are {string.Join(", ", AtlasExport.Tables)}, each with the ending {string.Join(", ", ExportFormat.All.Select(of => "." + of.Extension))}.");
        await using var catalog = database.Open();
        var view = await Found.AtlasAsync(catalog, atlas, cancellation);
        var temporary = Path.Combine(Path.GetTempPath(), $"viz-export-{Path.GetRandomFileName()}");
        try
        {
            await AtlasExport.WriteAsync(catalog, view.Row.Id, view.Spec, format, table, new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes), cancellation);
            var stream = new FileStream(temporary, FileMode.Open, FileAccess.Read, FileShare.None, BufferBytes, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
            return Results.Stream(stream, format.MediaType, $"{view.Id}-{table}.{extension}");
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
