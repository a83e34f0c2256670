using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using CommunityToolkit.HighPerformance;
using Minio;
using Minio.DataModel;
using Minio.DataModel.Args;

namespace VizPipeline.ObjectStore;

/// <summary>Objects in a bucket of an S3 server. Large ones go up in parts; a server that is away is waited for.</summary>
/// <remarks>
/// Parts of an upload that did not end stay at the server until a rule of the bucket removes them: only the server knows whether
/// another worker still sends the same object.
/// </remarks>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    // Beyond it the client sends parts of this size, one request each.
    private const int LargestPart = 5 << 20;
    private const int CopyBuffer = 1 << 20;
    private readonly HttpClient _http;
    private readonly IMinioClient _client;
    private readonly string _bucket;
    private readonly string _region;
    private readonly S3Calls _calls;

    /// <summary>Names the server; nothing is asked yet.</summary>
    /// <param name="options">Valid options.</param>
    public S3ObjectStore(S3Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var endpoint = new Uri(options.Endpoint);
        (_bucket, _region) = (options.Bucket, options.Region);
        _calls = new S3Calls(options);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectCallback = ConnectAsync,
            AllowAutoRedirect = false,
        };
        if (options.CaFile is { } file)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsSignedBy(file, certificate, errors);
        // For one request, to the answer's first byte: what is large comes and goes in many.
        _http = new HttpClient(new S3Errors(_bucket, handler)) { Timeout = TimeSpan.FromSeconds(100) };
        _client = new MinioClient()
            .WithEndpoint(endpoint.Authority)
            .WithSSL(endpoint.Scheme == Uri.UriSchemeHttps)
            .WithRegion(options.Region)
            .WithCredentials(options.AccessKey, options.SecretKey)
            .WithHttpClient(_http)
            .Build();
    }

    /// <summary>Server and bucket, for messages.</summary>
    public string Place => _calls.Place;

    /// <summary>Makes the bucket where it is missing. Services that start together may all try.</summary>
    /// <param name="patience">How long to wait for a server that does not answer.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="ObjectStoreException">The server does not answer, refuses the keys, or has no such bucket and makes none.</exception>
    public Task EnsureBucketAsync(TimeSpan patience, CancellationToken cancellation = default) => _calls.RunAsync(
        "the bucket itself",
        async () =>
        {
            if (!await HasBucketAsync(cancellation))
                await MakeBucketAsync(cancellation);
            return true;
        },
        patience,
        cancellation);

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return UploadAsync(key, () => content.AsStream(), cancellation);
    }

    /// <inheritdoc/>
    public Task PutFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return UploadAsync(key, () => File.OpenRead(file), cancellation);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        => await TryGetAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, _calls.Place);

    /// <inheritdoc/>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _calls.RunAsync<byte[]>(key, async () =>
        {
            using var content = new MemoryStream();
            await DownloadAsync(key, content, cancellation);
            return content.ToArray();
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        var found = await _calls.RunAsync(key, async () =>
        {
            await using var content = File.Create(file);
            try
            {
                await DownloadAsync(key, content, cancellation);
            }
            catch (IOException failure) when (ObjectStoreException.IsDiskFull(failure))
            {
                throw ObjectStoreException.From(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file), failure);
            }
            return true;
        }, cancellation);
        if (!found)
            throw new ObjectNotFoundException(key, _calls.Place);
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return await _calls.RunAsync<ObjectStat>(
            key, async () => await StatAsync(key, cancellation), cancellation) is not null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var keys = await _calls.RunAsync<List<string>>($"listing {prefix}*", async () =>
        {
            var found = new List<string>();
            await foreach (var item in _client.ListObjectsEnumAsync(new ListObjectsArgs().WithBucket(_bucket).WithPrefix(prefix).WithRecursive(true), cancellation))
                found.Add(item.Key);
            return found;
        }, cancellation);
        foreach (var key in (keys ?? []).Where(ObjectKey.IsValid).Order(StringComparer.Ordinal))
            yield return key;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _calls.RunAsync(key, async () =>
        {
            await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_bucket).WithObject(key), cancellation);
            return true;
        }, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private async Task<bool> HasBucketAsync(CancellationToken cancellation)
    {
        try
        {
            return await _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_bucket), cancellation);
        }
        catch (S3ErrorException missing) when (missing.Code == "NoSuchBucket")
        {
            return false;
        }
    }

    private async Task MakeBucketAsync(CancellationToken cancellation)
    {
        try
        {
            // Without a location the client would forget its region.
            await _client.MakeBucketAsync(new MakeBucketArgs().WithBucket(_bucket).WithLocation(_region), cancellation);
        }
        catch (S3ErrorException refusal) when (!refusal.IsTransient)
        {
            // Another service may have been faster.
            if (!await HasBucketAsync(cancellation))
                throw _calls.NoBucket(refusal);
        }
    }

    private Task<bool> UploadAsync(string key, Func<Stream> open, CancellationToken cancellation) => _calls.RunAsync(key, async () =>
    {
        await using var content = open();
        var answer = await _client.PutObjectAsync(
            new PutObjectArgs().WithBucket(_bucket).WithObject(key).WithStreamData(content).WithObjectSize(content.Length).WithContentType(TypeOf(key)), cancellation);
        if (content.Length < LargestPart && string.IsNullOrEmpty(answer.Etag))
            throw new IOException("what answers is no S3 server");
        // A server may still fail when it has begun to answer that it puts the parts together, and the client does not read on.
        if (content.Length >= LargestPart && await StatAsync(key, cancellation) is var stored && stored.Size != content.Length)
            throw new IOException($"{stored.Size} of {content.Length} bytes were stored");
        return true;
    }, cancellation);

    private async Task DownloadAsync(string key, Stream content, CancellationToken cancellation)
    {
        var found = await _client.GetObjectAsync(
            new GetObjectArgs().WithBucket(_bucket).WithObject(key).WithCallbackStream((stream, stop) => stream.CopyToAsync(content, CopyBuffer, stop)), cancellation);
        // A connection that breaks in the middle must not pass for a short object.
        if (found.Size != content.Length)
            throw new IOException($"{content.Length} of {found.Size} bytes arrived");
    }

    private Task<ObjectStat> StatAsync(string key, CancellationToken cancellation)
        => _client.StatObjectAsync(new StatObjectArgs().WithBucket(_bucket).WithObject(key), cancellation);

    // As the framework does it, and with a look after silent connections: a server that lost its power in the middle of an answer says
    // nothing more.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 20);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string TypeOf(string key) => Path.GetExtension(key) switch
    {
        ".png" => "image/png",
        ".json" => "application/json",
        _ => "application/octet-stream",
    };

    private static bool IsSignedBy(string file, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }
}
