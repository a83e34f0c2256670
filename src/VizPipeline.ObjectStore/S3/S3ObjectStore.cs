using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Minio;
using Minio.DataModel.Args;

namespace VizPipeline.ObjectStore;

/// <summary>Objects in a bucket of an S3 server. Large ones go up in parts; a server that is away is waited for.</summary>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private readonly HttpClient _http;
    private readonly IMinioClient _client;
    private readonly string _bucket;
    private readonly S3Calls _calls;

    /// <summary>Names the server; nothing is asked yet.</summary>
    /// <param name="options">Valid options.</param>
    public S3ObjectStore(S3Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var endpoint = new Uri(options.Endpoint);
        _bucket = options.Bucket;
        _calls = new S3Calls(options);
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (options.CaFile is { } file)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsSignedBy(file, certificate, errors);
        _http = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(10) };
        _client = new MinioClient()
            .WithEndpoint(endpoint.Authority)
            .WithSSL(endpoint.Scheme == Uri.UriSchemeHttps)
            .WithRegion(options.Region)
            .WithCredentials(options.AccessKey, options.SecretKey)
            .WithHttpClient(_http)
            .Build();
    }

    /// <summary>Makes the bucket where it is missing.</summary>
    /// <param name="patience">How long to wait for a server that does not answer.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="ObjectStoreException">The server does not answer, refuses the keys, or has no such bucket and makes none.</exception>
    public Task EnsureBucketAsync(TimeSpan patience, CancellationToken cancellation = default) => _calls.RunAsync(
        "the bucket itself",
        async () =>
        {
            if (!await _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_bucket), cancellation))
                await _client.MakeBucketAsync(new MakeBucketArgs().WithBucket(_bucket), cancellation);
            return true;
        },
        patience,
        cancellation);

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _calls.RunAsync(key, async () =>
        {
            using var stream = new MemoryStream(content.ToArray(), writable: false);
            await _client.PutObjectAsync(
                new PutObjectArgs().WithBucket(_bucket).WithObject(key).WithStreamData(stream).WithObjectSize(content.Length).WithContentType(TypeOf(key)), cancellation);
            return true;
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        => await TryGetAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, _calls.Place);

    /// <inheritdoc/>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _calls.RunAsync(key, async () =>
        {
            using var content = new MemoryStream();
            var found = await _client.GetObjectAsync(
                new GetObjectArgs().WithBucket(_bucket).WithObject(key).WithCallbackStream((stream, stop) => stream.CopyToAsync(content, stop)), cancellation);
            // A connection that breaks in the middle must not pass for a short object.
            if (found.Size != content.Length)
                throw new IOException($"{content.Length} of {found.Size} bytes arrived");
            return content.ToArray();
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return await _calls.RunAsync(
            key, async () => await _client.StatObjectAsync(new StatObjectArgs().WithBucket(_bucket).WithObject(key), cancellation), cancellation) is not null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var keys = await _calls.RunAsync(prefix, async () =>
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
