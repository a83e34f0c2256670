using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Cluster;

/// <summary>A coordinator, asked over HTTP. Every refusal becomes a <see cref="UsageException"/> with one line.</summary>
internal sealed class CoordinatorClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _address;

    /// <summary>Names the coordinator; nothing is asked yet. The key comes from <c>VIZ_API_KEY</c>, so that no list of processes shows it.</summary>
    /// <exception cref="UsageException">The address is no address.</exception>
    public CoordinatorClient(string? address)
    {
        address ??= Environment.GetEnvironmentVariable("VIZ_COORDINATOR")
            ?? throw new UsageException("which coordinator? Give its address with --coordinator http://HOST:8080, or in VIZ_COORDINATOR");
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new UsageException($"--coordinator '{address}' is no address; give one like http://HOST:8080");
        _address = uri;
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) }) { BaseAddress = new Uri(uri, "api/v1/"), Timeout = TimeSpan.FromMinutes(30) };
        if (Environment.GetEnvironmentVariable("VIZ_API_KEY") is { Length: > 0 } key)
            _http.DefaultRequestHeaders.Add("X-Api-Key", key.Trim());
    }

    /// <summary>Sends a model's file unless the coordinator has it, and returns its key.</summary>
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

    /// <summary>Asks.</summary>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellation) => AnswerAsync<T>(new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    /// <summary>Changes something.</summary>
    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(VizJson.Write(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return AnswerAsync<T>(request, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> AnswerAsync<T>(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var answer = await SendAsync(request, cancellation);
        await CheckAsync(answer, cancellation);
        return VizJson.Read<T>(await answer.Content.ReadAsByteArrayAsync(cancellation));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(request, cancellation);
        }
        catch (HttpRequestException failure)
        {
            throw new CoordinatorAwayException($"the coordinator at {_address} does not answer: {failure.Message}");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CoordinatorAwayException($"the coordinator at {_address} does not answer in time");
        }
        finally
        {
            request.Dispose();
        }
    }

    private async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        throw (int)answer.StatusCode >= 500 ? new CoordinatorAwayException($"the coordinator at {_address} cannot do that now: {Detail(text, answer)}") : new UsageException(Detail(text, answer));
    }

    private static string Detail(string text, HttpResponseMessage answer)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 } sentence)
                return sentence.ReplaceLineEndings(" ");
        }
        catch (JsonException)
        {
            // Something else than a coordinator answers there.
        }
        return $"{(int)answer.StatusCode} {answer.ReasonPhrase} from {answer.RequestMessage?.RequestUri}; is that a VizPipeline coordinator?";
    }
}

/// <summary>The coordinator cannot be reached, or cannot do its work for the moment.</summary>
public sealed class CoordinatorAwayException(string message) : Exception(message);
