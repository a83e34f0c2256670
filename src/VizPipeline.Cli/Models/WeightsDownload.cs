using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Cli.Models;

/// <summary>Weights could not be fetched. The message is one line that names the address and says what to do.</summary>
public sealed class DownloadException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The progress of a download, in bytes.</summary>
/// <param name="Done">The bytes on disk, including those of earlier attempts.</param>
/// <param name="Total">The size of the file; null if the server does not report it.</param>
/// <param name="PerSecond">The bytes per second of this attempt.</param>
public readonly record struct DownloadProgress(long Done, long? Total, double PerSecond);

/// <summary>The timeouts of a download.</summary>
/// <param name="Silence">The longest time without data before a connection counts as broken.</param>
/// <param name="Pause">The time to wait before resuming after a broken connection.</param>
public readonly record struct DownloadPatience(TimeSpan Silence, TimeSpan Pause);

/// <summary>
/// Fetches a weights file to a partial file next to its final path. A later attempt resumes it with HTTP ranges, and it is moved to the
/// final path only if its SHA-256 starts with the digits in the file name.
/// </summary>
/// <param name="client">Sends the requests; without a timeout for complete responses.</param>
/// <param name="address">The address of the folder with the files, ending in a slash: torchvision's or a mirror's.</param>
/// <param name="patience">The timeouts.</param>
public sealed class WeightsDownload(HttpClient client, Uri address, DownloadPatience patience)
{
    private const int MostAttempts = 5;

    /// <summary>
    /// Returns the maximum size in bytes of a weights file: 4 bytes per parameter, plus half of that and 64 MiB for contents outside the
    /// graph, such as auxiliary heads, running statistics and names.
    /// </summary>
    public static long MostBytes(long parameters) => (parameters * 6) + (64L << 20);

    /// <summary>Fetches <paramref name="weights"/> to <paramref name="path"/>, unless another process has just completed it.</summary>
    /// <param name="weights">The weights to fetch.</param>
    /// <param name="path">The final path.</param>
    /// <param name="mostBytes">The maximum size; a larger file is rejected.</param>
    /// <param name="progress">Receives the progress after each block.</param>
    /// <param name="cancellation">Cancels the download; the bytes received are kept.</param>
    /// <exception cref="DownloadException">The server cannot be reached, rejects the request, or sends another file.</exception>
    public async Task FetchAsync(
        ZooWeights weights, string path, long mostBytes, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
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
                    // Attempts that make progress are unlimited; others, such as with a server that restarts each time, are counted.
                    if (part.Length > farthest)
                        (farthest, attempt) = (part.Length, 0);
                    // No data at all: the server cannot be reached, and an immediate retry would not help.
                    if (attempt == MostAttempts || (part.Length == before && before == 0 && broken is not BusyServerException))
                        throw part.Length == 0 ? Unreachable(source, path, broken) : Interrupted(source, part.Length, broken);
                    await Task.Delay(patience.Pause, cancellation);
                }
            }
            var hash = await part.HashAsync(cancellation);
            if (!hash.StartsWith(weights.HashStart, StringComparison.Ordinal))
            {
                part.Discard();
                throw new DownloadException(
                    $"{source} has SHA-256 {hash[..16]}..., but it should start with {weights.HashStart} as in the file name: the file "
                    + "was damaged in transit or is another file, and was deleted; try again, or give another address with --from");
            }
            part.Complete();
        }
    }

    private async Task ReceiveAsync(
        Uri source, PartFile part, long mostBytes, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience.Silence);
        try
        {
            await ReceiveAsync(source, part, mostBytes, progress, silence);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no data for {patience.Silence.TotalSeconds:0} s");
        }
    }

    private async Task ReceiveAsync(
        Uri source, PartFile part, long mostBytes, IProgress<DownloadProgress>? progress, CancellationTokenSource silence)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source);
        if (part.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            // If the file has changed, the server sends it from the start.
            if (part.Tag is { } tag && EntityTagHeaderValue.TryParse(tag, out var known) && !known.IsWeak)
                request.Headers.IfRange = new RangeConditionHeaderValue(known);
        }
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
            && response.Content.Headers.ContentRange?.Length == part.Length)
            return;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            part.Restart(null);
            throw new IOException("the file on the server is shorter than the partial download");
        }
        if (response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
            throw new BusyServerException($"the server responded {(int)response.StatusCode} {response.ReasonPhrase}");
        if (!response.IsSuccessStatusCode)
            throw new DownloadException(
                $"{source}: the server responded {(int)response.StatusCode} {response.ReasonPhrase}; give another address with --from");
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == part.Length;
        if (!goesOn)
            part.Restart(response.Headers.ETag?.ToString());
        await CopyAsync(source, response, part, mostBytes, progress, silence);
    }

    private async Task CopyAsync(
        Uri source, HttpResponseMessage response, PartFile part, long mostBytes, IProgress<DownloadProgress>? progress,
        CancellationTokenSource silence)
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
            progress?.Report(new DownloadProgress(part.Length, total, seconds > 0 ? (part.Length - first) / seconds : 0));
        }
        if (total is { } whole && part.Length < whole)
            throw new IOException($"the connection ended at {part.Length} of {whole} bytes");
    }

    private static bool IsBroken(Exception failure) => failure is HttpRequestException or IOException and not PartFileException;

    private static DownloadException TooLong(Uri source, PartFile part, long mostBytes)
    {
        part.Discard();
        return new(
            $"{source} is larger than weights of this architecture can be ({mostBytes:N0} bytes): it is another file and was deleted; "
            + "give another address with --from");
    }

    private static DownloadException Unreachable(Uri source, string path, Exception failure) => new(
        $"{source} cannot be reached ({Reason(failure)}); fetch it on another machine and copy it to {path}, or give a mirror with "
            + "--from or VIZ_MODELS_URL", failure);

    private static DownloadException Interrupted(Uri source, long length, Exception failure) => new(
        $"{source}: the connection broke after {length:N0} bytes ({Reason(failure)}); the same command resumes the download", failure);

    private static string Reason(Exception failure) => (failure.InnerException ?? failure).Message.ReplaceLineEndings(" ").TrimEnd('.');

    /// <summary>The server is temporarily unavailable.</summary>
    private sealed class BusyServerException(string message) : IOException(message);
}
