using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Cli.Models;

/// <summary>Weights could not be fetched. The message is one line that names the address and says what to do.</summary>
public sealed class DownloadException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>How far a download is, in bytes.</summary>
/// <param name="Done">Bytes on disk, those of an earlier attempt included.</param>
/// <param name="Total">Bytes of the whole file; null where the server does not say.</param>
/// <param name="PerSecond">Bytes per second of this attempt.</param>
public readonly record struct DownloadStep(long Done, long? Total, double PerSecond);

/// <summary>When a download counts as broken, and when to go on with it.</summary>
/// <param name="Silence">The longest time without a byte.</param>
/// <param name="Pause">How long to wait before going on after a broken connection.</param>
public readonly record struct DownloadPatience(TimeSpan Silence, TimeSpan Pause);

/// <summary>
/// Fetches one file of weights: into a file beside its place, which a later attempt goes on with (HTTP ranges), and moved there only when its
/// SHA-256 begins as the file's name says.
/// </summary>
/// <param name="client">Sends the requests; without a limit of time for a whole answer.</param>
/// <param name="address">Folder of the files, ending in a slash: torchvision's or a mirror's.</param>
/// <param name="patience">When a connection is given up.</param>
public sealed class WeightsDownload(HttpClient client, Uri address, DownloadPatience patience)
{
    private const int MostAttempts = 5;

    /// <summary>The most bytes that a file of weights with so many parameters may have: 32 bits each, half of that again, and
    /// 64 MiB, for what the graph leaves out: auxiliary heads, running statistics, names.</summary>
    public static long MostBytes(long parameters) => (parameters * 6) + (64L << 20);

    /// <summary>Fetches <paramref name="weights"/> to <paramref name="path"/>. Where another process has just put it there, nothing is left to do.</summary>
    /// <param name="weights">Which file.</param>
    /// <param name="path">Its place.</param>
    /// <param name="mostBytes">A longer answer is another file, and is not taken.</param>
    /// <param name="progress">Told of each piece.</param>
    /// <param name="cancellation">Stops; what came is kept.</param>
    /// <exception cref="DownloadException">The server cannot be reached, refuses, or sends something else.</exception>
    public async Task FetchAsync(ZooWeights weights, string path, long mostBytes, IProgress<DownloadStep>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var source = new Uri(address, weights.File);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var part = new PartFile(path))
        {
            if (part.IsComplete)
                return;
            var farthest = part.Length;
            for (var attempt = 1; ; attempt++)
            {
                var before = part.Length;
                try
                {
                    await ReceiveAsync(source, part, mostBytes, progress, cancellation);
                    break;
                }
                catch (Exception broken) when (IsBroken(broken) && !cancellation.IsCancellationRequested)
                {
                    // Whoever gets farther each time gets there; a server that begins again each time does not.
                    if (part.Length > farthest)
                        (farthest, attempt) = (part.Length, 0);
                    // Nothing came at all: the way there is closed, and asking again at once would not open it.
                    if (attempt == MostAttempts || (part.Length == before && before == 0 && broken is not BusyServerException))
                        throw part.Length == 0 ? Unreachable(source, path, broken) : Interrupted(source, part.Length, broken);
                    await Task.Delay(patience.Pause, cancellation);
                }
            }
            var hash = await part.HashAsync(cancellation);
            if (!hash.StartsWith(weights.HashStart, StringComparison.Ordinal))
            {
                part.Discard();
                throw new DownloadException($"{source} has SHA-256 {hash[..16]}..., and it should begin with {weights.HashStart} as the name says: it was damaged on the way or is another file, and was thrown away; try again, or another address with --from");
            }
            part.Complete();
        }
    }

    private async Task ReceiveAsync(Uri source, PartFile part, long mostBytes, IProgress<DownloadStep>? progress, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience.Silence);
        try
        {
            await ReceiveAsync(source, part, mostBytes, progress, silence);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {patience.Silence.TotalSeconds:0} s");
        }
    }

    private async Task ReceiveAsync(Uri source, PartFile part, long mostBytes, IProgress<DownloadStep>? progress, CancellationTokenSource silence)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source);
        if (part.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            // The server sends all of it where the file has changed since.
            if (part.Tag is { } tag && EntityTagHeaderValue.TryParse(tag, out var known) && !known.IsWeak)
                request.Headers.IfRange = new RangeConditionHeaderValue(known);
        }
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == part.Length)
            return;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            part.Restart(null);
            throw new IOException("the server has less of the file than was here");
        }
        if (response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
            throw new BusyServerException($"it answers {(int)response.StatusCode} {response.ReasonPhrase}");
        if (!response.IsSuccessStatusCode)
            throw new DownloadException($"{source} answers {(int)response.StatusCode} {response.ReasonPhrase}: the file is not there for you; give another address with --from");
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == part.Length;
        if (!goesOn)
            part.Restart(response.Headers.ETag?.ToString());
        await CopyAsync(source, response, part, mostBytes, progress, silence);
    }

    private async Task CopyAsync(Uri source, HttpResponseMessage response, PartFile part, long mostBytes, IProgress<DownloadStep>? progress, CancellationTokenSource silence)
    {
        var (first, started, buffer) = (part.Length, Stopwatch.GetTimestamp(), new byte[1 << 17]);
        var total = response.Content.Headers.ContentLength is { } rest ? first + rest : (long?)null;
        if (total > mostBytes)
            throw TooLong(source, part, mostBytes);
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        int read;
        while ((read = await body.ReadAsync(buffer, silence.Token)) > 0)
        {
            silence.CancelAfter(patience.Silence);
            if (part.Length > mostBytes - read)
                throw TooLong(source, part, mostBytes);
            await part.AppendAsync(buffer.AsMemory(0, read), silence.Token);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            progress?.Report(new DownloadStep(part.Length, total, seconds > 0 ? (part.Length - first) / seconds : 0));
        }
        if (total is { } whole && part.Length < whole)
            throw new IOException($"the connection ended at {part.Length} of {whole} bytes");
    }

    private static bool IsBroken(Exception failure) => failure is HttpRequestException or IOException and not PartFileException;

    private static DownloadException TooLong(Uri source, PartFile part, long mostBytes)
    {
        part.Discard();
        return new($"{source} is longer than weights of this architecture can be ({mostBytes:N0} bytes): it is another file, and nothing of it was kept; give another address with --from");
    }

    private static DownloadException Unreachable(Uri source, string path, Exception failure) => new(
        $"{source} cannot be reached ({Reason(failure)}); fetch it on a machine with access and put it at {path}, or name a mirror with --from or VIZ_MODELS_URL", failure);

    private static DownloadException Interrupted(Uri source, long length, Exception failure) => new(
        $"{source} broke off at {length:N0} bytes ({Reason(failure)}); the same command goes on from there", failure);

    private static string Reason(Exception failure) => (failure.InnerException ?? failure).Message.ReplaceLineEndings(" ").TrimEnd('.');

    /// <summary>A server that says that it is not now.</summary>
    private sealed class BusyServerException(string message) : IOException(message);
}
