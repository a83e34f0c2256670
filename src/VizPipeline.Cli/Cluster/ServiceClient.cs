using System.Net;
using System.Text.Json;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Cluster;

/// <summary>HTTP client of a service. A rejected request becomes a <see cref="UsageException"/> with a one-line message.</summary>
/// <param name="name">The service in messages, such as <c>coordinator</c>.</param>
/// <param name="address">The address of the service, ending in a slash.</param>
/// <param name="keyVariable">The environment variable with the API key. A command-line option would show the key in process lists.</param>
/// <param name="longestSilence">
/// How long an answer may take after the last byte of the request was sent; by default half an hour, because a coordinator needs a while to
/// add an atlas.
/// </param>
internal class ServiceClient(string name, Uri address, string keyVariable, TimeSpan? longestSilence = null) : IDisposable
{
    private static readonly TimeSpan UsualSilence = TimeSpan.FromMinutes(30);

    private readonly HttpClient _http = Create(address, keyVariable);

    /// <summary>Sends a GET request and parses the JSON response.</summary>
    /// <param name="path">The path relative to the address.</param>
    /// <param name="cancellation">Cancels the request.</param>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellation) =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    /// <summary>Sends a GET request and returns the content; null for 404.</summary>
    public async Task<byte[]?> TryGetBytesAsync(string path, CancellationToken cancellation)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        await CheckAsync(answer, cancellation);
        return await answer.Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>Sends a POST request and parses the JSON response.</summary>
    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(VizJson.Write(body));
            request.Content.Headers.ContentType = new("application/json");
        }
        return SendAsync<T>(request, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var answer = await SendAsync(request, cancellation);
        await CheckAsync(answer, cancellation);
        return VizJson.Read<T>(await answer.Content.ReadAsByteArrayAsync(cancellation));
    }

    protected async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellation,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void Restart() => silence.CancelAfter(longestSilence ?? UsualSilence);
        Restart();
        if (request.Content is SentContent content)
            content.Sent = Restart;
        try
        {
            return await _http.SendAsync(request, completion, silence.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException
            && silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new ServiceAwayException($"the {name} at {address} did not respond in time");
        }
        catch (HttpRequestException failure)
        {
            throw new ServiceAwayException($"cannot reach the {name} at {address}: {failure.Message}");
        }
        finally
        {
            request.Dispose();
        }
    }

    protected async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        throw (int)answer.StatusCode >= 500
            ? new ServiceAwayException($"the {name} at {address} is not available: {GetDetail(text, answer)}")
            : new UsageException(GetDetail(text, answer));
    }

    private string GetDetail(string text, HttpResponseMessage answer)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail)
                && detail.GetString() is { Length: > 0 } sentence)
                return sentence.ReplaceLineEndings(" ");
        }
        catch (JsonException)
        {
            // The response is not from one of our services.
        }
        return $"{(int)answer.StatusCode} {answer.ReasonPhrase} from {answer.RequestMessage?.RequestUri}; is that a VizPipeline {name}?";
    }

    /// <summary>The bytes of a request, which may take any time while some of them are sent.</summary>
    protected sealed class SentContent(Stream bytes) : HttpContent
    {
        private const int BufferBytes = 1 << 16;

        /// <summary>Is called whenever bytes have been sent.</summary>
        public Action? Sent { get; set; }

        /// <inheritdoc/>
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            => SerializeToStreamAsync(stream, context, CancellationToken.None);

        /// <inheritdoc/>
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var buffer = new byte[BufferBytes];
            while (await bytes.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                Sent?.Invoke();
            }
        }

        /// <inheritdoc/>
        protected override bool TryComputeLength(out long length)
        {
            length = bytes.CanSeek ? bytes.Length - bytes.Position : 0;
            return bytes.CanSeek;
        }
    }

    private static HttpClient Create(Uri address, string keyVariable)
    {
        // No redirects: they could send the key to another host.
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false };
        var http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (Environment.GetEnvironmentVariable(keyVariable) is { Length: > 0 } key)
            http.DefaultRequestHeaders.Add("X-Api-Key", key.Trim());
        return http;
    }
}

/// <summary>A service cannot be reached or is temporarily unavailable.</summary>
public sealed class ServiceAwayException(string message) : Exception(message);
