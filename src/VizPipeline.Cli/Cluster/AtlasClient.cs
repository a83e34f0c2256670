using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Cluster;

/// <summary>An atlas on an atlas server.</summary>
/// <param name="Server">The address of the server, ending in a slash.</param>
/// <param name="Id">The id of the atlas.</param>
internal sealed record ServedAtlas(Uri Server, string Id)
{
    /// <summary>Parses an address such as <c>http://HOST:8082/atlases/ID</c>; null for a folder.</summary>
    /// <exception cref="UsageException">It is the address of something else.</exception>
    public static ServedAtlas? TryParse(string atlas)
    {
        if (!atlas.StartsWith("http://", StringComparison.Ordinal) && !atlas.StartsWith("https://", StringComparison.Ordinal))
            return null;
        var parts = atlas.TrimEnd('/').Split("/atlases/");
        return parts.Length == 2 && !parts[1].Contains('/', StringComparison.Ordinal)
            && Uri.TryCreate(parts[0] + "/", UriKind.Absolute, out var server)
            ? new ServedAtlas(server, parts[1])
            : throw new UsageException(
                $"'{atlas}' is not the address of an atlas; give one like http://HOST:8082/atlases/NAME, as in the browser");
    }
}

/// <summary>HTTP client of the atlas server.</summary>
/// <param name="server">The address of the server, ending in a slash.</param>
// Not the key of the coordinator, which allows more: the atlas server may belong to someone else.
internal sealed class AtlasClient(Uri server) : ServiceClient("atlas server", server, "VIZ_ATLAS_KEY")
{
    /// <summary>Changes something without an answer.</summary>
    /// <param name="method">PUT or DELETE.</param>
    /// <param name="path">The path relative to the address.</param>
    /// <param name="body">The body, as JSON; null for none.</param>
    /// <param name="header">A header besides the API key; without a value it is not sent.</param>
    /// <param name="cancellation">Cancels the request.</param>
    public async Task ChangeAsync(
        HttpMethod method, string path, object? body, (string Name, string? Value) header, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(VizJson.Write(body));
            request.Content.Headers.ContentType = new("application/json");
        }
        if (header.Value is { Length: > 0 } value)
            request.Headers.Add(header.Name, value);
        using var answer = await SendAsync(request, cancellation);
        await CheckAsync(answer, cancellation);
    }
}
