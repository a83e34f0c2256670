using System.Net;
using System.Net.Http.Headers;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Cluster;

/// <summary>HTTP client of the coordinator.</summary>
internal sealed class CoordinatorClient : ServiceClient
{
    /// <summary>Creates a client; sends nothing yet.</summary>
    /// <exception cref="UsageException">The address is missing or not valid.</exception>
    public CoordinatorClient(string? address)
        : base("coordinator", ParseAddress(address), "VIZ_API_KEY")
    {
    }

    /// <summary>Uploads a model file unless the coordinator has it already, and returns its object key.</summary>
    public async Task<string> SendModelAsync(string file, string sha256, CancellationToken cancellation)
    {
        var name = $"{sha256}{Path.GetExtension(file).ToLowerInvariant()}";
        using var head = await SendAsync(new HttpRequestMessage(HttpMethod.Head, $"models/{name}"), cancellation);
        if (head.StatusCode != HttpStatusCode.NotFound)
        {
            await CheckAsync(head, cancellation);
            return $"models/{name}";
        }
        await using var stream = File.OpenRead(file);
        var content = new StreamContent(stream);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var put = await SendAsync(new HttpRequestMessage(HttpMethod.Put, $"models/{name}") { Content = content }, cancellation);
        await CheckAsync(put, cancellation);
        return $"models/{name}";
    }

    private static Uri ParseAddress(string? address)
    {
        address ??= Environment.GetEnvironmentVariable("VIZ_COORDINATOR")
            ?? throw new UsageException(
                "the address of the coordinator is missing: give --coordinator http://HOST:8080, or set VIZ_COORDINATOR");
        return Uri.TryCreate(address.TrimEnd('/') + "/api/v1/", UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : throw new UsageException($"--coordinator '{address}' is not a valid address; give one like http://HOST:8080");
    }
}
