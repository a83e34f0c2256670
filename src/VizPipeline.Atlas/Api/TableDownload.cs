using Microsoft.AspNetCore.Http;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Atlas.Api;

/// <summary>
/// Downloads of whole tables. Each is written to a temporary file first, so that a failure becomes an error instead of a truncated table.
/// Their number is limited, because the file takes disk space until the client has read it.
/// </summary>
/// <param name="similar">The neurons that are similar to others.</param>
public sealed class TableDownload(SimilarNeuronsCache similar) : IDisposable
{
    private const int AtOnce = 4;
    private const int BufferBytes = 1 << 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _turns = new(AtOnce);

    internal static Task<IResult> DownloadAsync(
        string atlas, string file, TableDownload download, CatalogDatabase database, CancellationToken cancellation) =>
        download.WriteAsync(atlas, file, database, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private async Task<IResult> WriteAsync(string atlas, string file, CatalogDatabase database, CancellationToken cancellation)
    {
        var (table, extension) = (Path.GetFileNameWithoutExtension(file), Path.GetExtension(file).TrimStart('.'));
        if (ExportFormat.All.FirstOrDefault(format => format.Extension == extension) is not { } format
            || !AtlasExport.Tables.Contains(table))
            throw new NotFoundException(
                $"There is no such file; the tables are {string.Join(", ", AtlasExport.Tables)}, the extensions "
                + $"{string.Join(", ", ExportFormat.All.Select(of => "." + of.Extension))}.");
        await using var catalog = database.Open();
        var view = await CatalogLookup.GetAtlasAsync(catalog, atlas, cancellation);
        if (!await _turns.WaitAsync(Patience, cancellation))
            return Results.Problem(
                "too many downloads at the moment; try again", statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Service unavailable");
        var temporary = Path.Combine(Path.GetTempPath(), $"viz-export-{Path.GetRandomFileName()}");
        try
        {
            await AtlasExport.WriteAsync(
                catalog, view.Row.Id, view.Spec, similar, format, table,
                new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes), cancellation);
            return Results.Stream(new Turn(temporary, _turns), format.MediaType, $"{view.Id}-{table}.{extension}");
        }
        catch
        {
            File.Delete(temporary);
            _turns.Release();
            throw;
        }
    }

    // Deletes the file and ends the turn when the response has been sent.
    private sealed class Turn(string file, SemaphoreSlim turns)
        : FileStream(
            file, FileMode.Open, FileAccess.Read, FileShare.None, BufferBytes, FileOptions.DeleteOnClose | FileOptions.Asynchronous)
    {
        private int _ended;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                turns.Release();
        }
    }
}
