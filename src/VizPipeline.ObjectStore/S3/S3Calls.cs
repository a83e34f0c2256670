using System.Diagnostics;
using System.Net.Sockets;
using Minio.Exceptions;

namespace VizPipeline.ObjectStore;

/// <summary>Calls to an S3 server: tried again while it is away, and every failure in one line that names server and bucket, and no secret.</summary>
internal sealed class S3Calls(S3Options options)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Different in each process, and nothing depends on it.
    private static readonly double Spread = 0.6 + (Environment.ProcessId % 17 / 40.0);

    /// <summary>Server and bucket, for messages.</summary>
    public string Place { get; } = $"{options.Endpoint.TrimEnd('/')}/{options.Bucket}";

    /// <summary>The call's result; null where it found no object.</summary>
    public Task<T?> RunAsync<T>(string key, Func<Task<T>> call, CancellationToken cancellation)
        => RunAsync(key, call, TimeSpan.FromSeconds(options.PatienceSeconds), cancellation);

    /// <inheritdoc cref="RunAsync{T}(string, Func{Task{T}}, CancellationToken)"/>
    public async Task<T?> RunAsync<T>(string key, Func<Task<T>> call, TimeSpan patience, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        for (var pause = ShortestPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await call();
            }
            catch (Minio.Exceptions.ObjectNotFoundException)
            {
                return default;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                var isTransient = IsTransient(failure);
                if (!isTransient || Stopwatch.GetElapsedTime(started) + pause > patience)
                    throw new ObjectStoreException($"S3 at {Place}: {Explain(failure)} ({key})", isTransient, failure);
                // Workers that lost the server together must not come back together.
                await Task.Delay(pause * Spread, cancellation);
            }
        }
    }

    private static bool IsTransient(Exception failure) => failure switch
    {
        AuthorizationException or AccessDeniedException or BucketNotFoundException or InvalidBucketNameException or ForbiddenException => false,
        ErrorResponseException { Response.Code: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "AccessDenied" or "NoSuchBucket" or "InvalidBucketName" } => false,
        ArgumentException or InvalidOperationException => false,
        _ => !Causes(failure).OfType<SocketException>().Any(cause => cause.SocketErrorCode == SocketError.HostNotFound),
    };

    private string Explain(Exception failure)
    {
        var code = (failure as ErrorResponseException)?.Response?.Code ?? "";
        if (failure is AuthorizationException || code is "InvalidAccessKeyId" or "SignatureDoesNotMatch")
            return "the keys are refused; check ObjectStore__AccessKey and ObjectStore__SecretKey";
        if (failure is AccessDeniedException or ForbiddenException || code == "AccessDenied")
            return "access is denied; check ObjectStore__AccessKey, ObjectStore__SecretKey, and the user's rights to the bucket";
        if (failure is BucketNotFoundException || code == "NoSuchBucket")
            return $"there is no bucket '{options.Bucket}'; make it, or check ObjectStore__Bucket";
        var cause = Causes(failure).OfType<SocketException>().FirstOrDefault()?.Message ?? failure.Message;
        return $"{cause.ReplaceLineEndings(" ").TrimEnd('.')}; check ObjectStore__Endpoint, and whether the server runs";
    }

    private static IEnumerable<Exception> Causes(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
            yield return failure;
    }
}
