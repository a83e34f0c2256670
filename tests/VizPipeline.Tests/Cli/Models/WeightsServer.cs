using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace VizPipeline.Tests.Cli.Models;

/// <summary>A local server of one file that simulates failures of servers and connections.</summary>
internal sealed class WeightsServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private WeightsServer(WebApplication app) => _app = app;

    /// <summary>The file.</summary>
    public byte[] Content { get; init; } = [];

    /// <summary>The ETag of the file.</summary>
    public string Tag { get; init; } = "\"one\"";

    /// <summary>Whether the server supports ranges.</summary>
    public bool HasRanges { get; init; } = true;

    /// <summary>The number of first requests whose connection breaks in the middle.</summary>
    public int Breaks { get; init; }

    /// <summary>The number of first requests that are refused as temporarily unavailable.</summary>
    public int Refusals { get; init; }

    /// <summary>Whether responses have a Content-Length.</summary>
    public bool HasLength { get; init; } = true;

    /// <summary>The number of first requests that stall in the middle.</summary>
    public int Silences { get; init; }

    /// <summary>The requested ranges, empty for the whole file, with their If-Range condition.</summary>
    public ConcurrentQueue<(string Range, string If)> Asked { get; } = new();

    public Uri Address => new(_app.Urls.First() + "/models/");

    public static async Task<WeightsServer> StartAsync(Func<WebApplication, WeightsServer> make)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = make(builder.Build());
        server._app.MapGet("/models/{file}", server.AnswerAsync);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public static WeightsServer Of(
        WebApplication app, byte[] content, string tag = "\"one\"", bool hasRanges = true, int breaks = 0, int silences = 0,
        int refusals = 0, bool hasLength = true) =>
        new(app)
        {
            Content = content,
            Tag = tag,
            HasRanges = hasRanges,
            Breaks = breaks,
            Silences = silences,
            Refusals = refusals,
            HasLength = hasLength,
        };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, string file)
    {
        var (range, condition) = (context.Request.Headers.Range.ToString(), context.Request.Headers.IfRange.ToString());
        Asked.Enqueue((range, condition));
        if (file.StartsWith("missing", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }
        if (Asked.Count <= Refusals)
        {
            context.Response.StatusCode = Asked.Count % 2 == 0 ? 503 : 429;
            return;
        }
        var first = 0;
        if (HasRanges && range.StartsWith("bytes=", StringComparison.Ordinal) && (condition.Length == 0 || condition == Tag))
        {
            first = int.Parse(range[6..^1], CultureInfo.InvariantCulture);
            context.Response.StatusCode = first < Content.Length ? 206 : 416;
            context.Response.Headers.ContentRange = first < Content.Length
                ? $"bytes {first}-{Content.Length - 1}/{Content.Length}" : $"bytes */{Content.Length}";
        }
        context.Response.Headers.ETag = Tag;
        if (first >= Content.Length)
            return;
        if (HasLength)
            context.Response.ContentLength = Content.Length - first;
        var number = Interlocked.Increment(ref _requests);
        if (number > Breaks + Silences)
        {
            await context.Response.Body.WriteAsync(Content.AsMemory(first));
            return;
        }
        await context.Response.Body.WriteAsync(Content.AsMemory(first, (Content.Length - first) / 2));
        await context.Response.Body.FlushAsync();
        var gone = Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        if (number <= Breaks)
        {
            // Closes the connection instead of resetting it, so that the bytes sent still arrive; the pause gives them time.
            await Task.WhenAny(gone, Task.Delay(200));
            context.Features.Get<IConnectionSocketFeature>()?.Socket.Shutdown(SocketShutdown.Send);
        }
        await Task.WhenAny(gone, Task.Delay(5000));
        context.Abort();
    }
}
