using System.Net;
using System.Net.Http.Headers;
using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Cluster;

/// <summary>HTTP client of the coordinator.</summary>
internal sealed class CoordinatorClient : ServiceClient
{
    private const string HashHeader = "X-Content-Sha256";
    private const string AtlasHeader = "X-Atlas-Sha256";
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(2);

    /// <summary>Creates a client; sends nothing yet.</summary>
    /// <exception cref="UsageException">The address is missing or not valid.</exception>
    public CoordinatorClient(string? address, TimeSpan? longestSilence = null)
        : base("coordinator", ParseAddress(address), "VIZ_API_KEY", longestSilence)
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
        await SendBytesAsync(HttpMethod.Put, $"models/{name}", stream, null, null, cancellation);
        return $"models/{name}";
    }

    /// <summary>Sends an object of an atlas, unless the coordinator has it with this content.</summary>
    /// <param name="atlas">The atlas's id.</param>
    /// <param name="content">The SHA-256 that identifies the atlas, so that it cannot mix with another of its id.</param>
    /// <param name="name">The object's path in the atlas's folder.</param>
    /// <param name="sha256">Its SHA-256, lower-case hex.</param>
    /// <param name="isThere">Whether an object of this name was there before, perhaps with other content.</param>
    /// <param name="open">Opens the content.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task SendObjectAsync(
        string atlas, string content, string name, string sha256, bool isThere, Func<Stream> open, CancellationToken cancellation)
    {
        var path = $"atlases/{atlas}/objects/{name}";
        if (isThere)
        {
            var question = new HttpRequestMessage(HttpMethod.Head, path);
            question.Headers.Add(HashHeader, sha256);
            using var head = await SendAsync(question, cancellation);
            if (head.StatusCode == HttpStatusCode.OK)
                return;
        }
        await using var bytes = open();
        await SendBytesAsync(HttpMethod.Put, path, bytes, (HashHeader, sha256), (AtlasHeader, content), cancellation);
    }

    /// <summary>Sends the catalog of an atlas whose objects are all there.</summary>
    /// <inheritdoc cref="SendObjectAsync"/>
    public async Task ImportAsync(string atlas, string content, string catalog, CancellationToken cancellation)
    {
        await using var stream = File.OpenRead(catalog);
        await SendBytesAsync(HttpMethod.Post, $"atlases/{atlas}/import", stream, null, (AtlasHeader, content), cancellation);
    }

    /// <summary>Gets the response to a GET request as a file, which is complete if it exists afterwards.</summary>
    public async Task DownloadAsync(string path, string file, CancellationToken cancellation)
    {
        using var answer = await SendAsync(
            new HttpRequestMessage(HttpMethod.Get, path), cancellation, HttpCompletionOption.ResponseHeadersRead);
        await CheckAsync(answer, cancellation);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var part = file + ".tmp";
        await using (var target = File.Create(part))
        await using (var source = await answer.Content.ReadAsStreamAsync(cancellation))
        {
            var buffer = new byte[1 << 16];
            while (await ReadAsync(source, buffer, cancellation) is > 0 and var read)
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
        File.Move(part, file, overwrite: true);
    }

    // The client's time limit ends with the headers of the answer.
    private static async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(LongestSilence);
        try
        {
            return await source.ReadAsync(buffer, silence.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException
            && !cancellation.IsCancellationRequested)
        {
            throw new ServiceAwayException($"the connection to the coordinator broke off: {failure.Message}");
        }
    }

    private async Task SendBytesAsync(
        HttpMethod method, string path, Stream bytes, (string Name, string Value)? hash, (string Name, string Value)? atlas,
        CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, path) { Content = new SentContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        foreach (var (header, value) in new[] { hash, atlas }.OfType<(string, string)>())
            request.Headers.Add(header, value);
        using var answer = await SendAsync(request, cancellation);
        await CheckAsync(answer, cancellation);
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
