using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace VizPipeline.Coordinator;

/// <summary>The endpoints of <c>viz push</c> and <c>viz pull</c>: the files of an atlas's folder.</summary>
internal static class TransferEndpoints
{
    /// <summary>Header of a sent object with its SHA-256, lower-case hex; with HEAD, of the content that the caller has.</summary>
    public const string HashHeader = "X-Content-Sha256";

    /// <summary>Header of a sent object and of the catalog with the SHA-256 that identifies the atlas.</summary>
    public const string AtlasHeader = "X-Atlas-Sha256";

    private const long LargestObject = 16L << 30;
    private const string Bytes = "application/octet-stream";

    public static void MapTransfers(this IEndpointRouteBuilder api)
    {
        const string one = "/atlases/{id}/objects/{**name}";
        api.MapGet("/atlases/{id}/catalog", CatalogAsync);
        api.MapGet("/atlases/{id}/objects", async (string id, AtlasTransfer transfer, CancellationToken cancellation)
            => CoordinatorApi.Json(await transfer.ListAsync(id, cancellation)));
        api.MapGet(one, ReadAsync);
        api.MapMethods(one, ["HEAD"], HasAsync);
        api.MapPut(one, WriteAsync);
        api.MapPost("/atlases/{id}/import", ImportAsync);
    }

    private static Task<IResult> CatalogAsync(string id, AtlasTransfer transfer, CancellationToken cancellation)
        => SendAsync(file => transfer.WriteCatalogAsync(id, file, cancellation));

    private static Task<IResult> ReadAsync(string id, string name, AtlasTransfer transfer, CancellationToken cancellation)
        => SendAsync(file => transfer.ReadAsync(id, name, file, cancellation));

    private static async Task<IResult> HasAsync(
        string id, string name, HttpRequest request, AtlasTransfer transfer, CancellationToken cancellation)
    {
        using var scratch = new ScratchFile();
        return await transfer.HasAsync(id, name, HashOf(request), scratch.Path, cancellation) ? Results.Ok() : Results.NotFound();
    }

    private static async Task<IResult> WriteAsync(
        string id, string name, HttpRequest request, AtlasTransfer transfer, CancellationToken cancellation)
    {
        var hash = HashOf(request);
        await transfer.CheckWritableAsync(id, name, cancellation);
        await transfer.ClaimAsync(id, request.Headers[AtlasHeader].ToString(), cancellation);
        using var file = await ReceiveAsync(request, cancellation);
        // Receiving may have taken hours.
        await transfer.ClaimAsync(id, request.Headers[AtlasHeader].ToString(), cancellation);
        await transfer.WriteAsync(id, name, file.Path, hash, cancellation);
        return Results.NoContent();
    }

    private static async Task<IResult> ImportAsync(
        string id, HttpRequest request, AtlasTransfer transfer, CancellationToken cancellation)
    {
        using var file = await ReceiveAsync(request, cancellation);
        await transfer.ClaimAsync(id, request.Headers[AtlasHeader].ToString(), cancellation);
        await transfer.ImportAsync(id, file.Path, cancellation);
        return Results.NoContent();
    }

    private static async Task<IResult> SendAsync(Func<string, Task> write)
    {
        var file = new ScratchFile();
        try
        {
            await write(file.Path);
            // The open file outlives its name.
            return Results.Stream(File.OpenRead(file.Path), Bytes);
        }
        finally
        {
            file.Dispose();
        }
    }

    private static async Task<ScratchFile> ReceiveAsync(HttpRequest request, CancellationToken cancellation)
    {
        CoordinatorApi.AllowBody(request, LargestObject);
        var file = new ScratchFile();
        try
        {
            await using var stream = File.Create(file.Path);
            await request.Body.CopyToAsync(stream, cancellation);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string HashOf(HttpRequest request)
        => request.Headers[HashHeader].ToString() is { Length: 64 } hash
            ? hash
            : throw new ArgumentException($"the header {HashHeader} with the SHA-256 of the object is missing");

    // With the files that SQLite puts beside a catalog.
    private sealed class ScratchFile : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("viz-transfer-");

        public string Path => System.IO.Path.Combine(_folder.FullName, "file");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
