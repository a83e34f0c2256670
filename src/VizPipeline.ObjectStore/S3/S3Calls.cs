using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Xml;

namespace VizPipeline.ObjectStore;

/// <summary>
/// Makes calls to an S3 server: retries while it is unavailable, and reports every failure in one line that names server and bucket but no
/// secrets.
/// </summary>
internal sealed class S3Calls(S3Options options)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Differs between processes; only retry delays depend on it.
    private static readonly double Spread = 0.6 + (Environment.ProcessId % 17 / 40.0);

    /// <summary>Server and bucket, for messages.</summary>
    public string Place { get; } = $"{options.Endpoint.TrimEnd('/')}/{options.Bucket}";

    /// <summary>Runs a call and returns its result; the type's default if the object does not exist.</summary>
    /// <param name="what">The object, for messages.</param>
    /// <param name="call">The call; it may run several times.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task<T?> RunAsync<T>(string what, Func<Task<T?>> call, CancellationToken cancellation)
        => RunAsync(what, call, TimeSpan.FromSeconds(options.PatienceSeconds), cancellation);

    /// <inheritdoc cref="RunAsync{T}(string, Func{Task{T}}, CancellationToken)"/>
    public async Task<T?> RunAsync<T>(string what, Func<Task<T?>> call, TimeSpan patience, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        for (var pause = ShortestPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await call();
            }
            catch (S3ErrorException missing) when (missing.Code == "NoSuchKey")
            {
                return default;
            }
            catch (Exception failure) when (failure is not ObjectStoreException && !cancellation.IsCancellationRequested)
            {
                var isTransient = IsTransient(failure);
                if (!isTransient || Stopwatch.GetElapsedTime(started) + pause > patience)
                    throw new ObjectStoreException($"S3 at {Place}: {Explain(failure)} ({what})", isTransient, failure);
                // Workers that lost the server at the same time must not all retry at the same time.
                await Task.Delay(pause * Spread, cancellation);
            }
        }
    }

    /// <summary>Creates the exception for a bucket that does not exist and that this user may not create.</summary>
    public BucketMissingException NoBucket(S3ErrorException refusal) => new(
        $"S3 at {Place}: there is no bucket '{options.Bucket}', and this user may not make it ({refusal.Message}); "
        + "make it with another user and grant this "
        + "one reading and writing, or check ObjectStore__Bucket",
        refusal);

    private static bool IsTransient(Exception failure) => failure switch
    {
        S3ErrorException error => error.IsTransient,
        // Our own errors, and those of the disk from which files are uploaded.
        ArgumentException or ObjectDisposedException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException
            => false,
        _ => !Causes(failure).Any(
            cause => cause is AuthenticationException
                or SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }),
    };

    private string Explain(Exception failure) => failure switch
    {
        S3ErrorException error => error.Code switch
        {
            "InvalidAccessKeyId" or "SignatureDoesNotMatch"
                => "the keys are refused; check ObjectStore__AccessKey and ObjectStore__SecretKey",
            // If the answer has no body, the server does not say which of these it is.
            "AccessDenied" => "access is denied; check ObjectStore__AccessKey, ObjectStore__SecretKey, and the user's rights to the bucket",
            "NoSuchBucket" => $"there is no bucket '{options.Bucket}'; make it, or check ObjectStore__Bucket",
            "RequestTimeTooSkewed" => "the clocks of this machine and of the server differ; set them",
            "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" or "InvalidLocationConstraint"
                => $"the bucket does not lie in region '{options.Region}'; check ObjectStore__Region and ObjectStore__Endpoint",
            _ => $"{error.Message}; check ObjectStore__Endpoint, and the server's log",
        },
        FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException => Line(failure.Message),
        _ when Causes(failure).OfType<AuthenticationException>().FirstOrDefault() is { } tls
            => $"no TLS connection ({Line(tls.Message)}); check ObjectStore__Endpoint and ObjectStore__CaFile",
        _ when Causes(failure).OfType<XmlException>().Any() => "what answers is no S3 server; check ObjectStore__Endpoint",
        _ => $"{Line(Causes(failure).OfType<SocketException>().FirstOrDefault()?.Message ?? failure.Message)}; "
            + "check ObjectStore__Endpoint, and whether the server runs",
    };

    private static string Line(string message) => message.ReplaceLineEndings(" ").TrimEnd('.');

    private static IEnumerable<Exception> Causes(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
            yield return failure;
    }
}
