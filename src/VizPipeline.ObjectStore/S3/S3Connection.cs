using System.Net.Sockets;
using Minio;
using Minio.DataModel;
using Minio.DataModel.Args;

namespace VizPipeline.ObjectStore;

/// <summary>A bucket of an S3 server, and the few calls that all who use it share.</summary>
internal sealed class S3Connection : IDisposable
{
    private const int CopyBuffer = 1 << 20;
    private readonly HttpClient _http;

    /// <summary>Names the server; nothing is asked yet.</summary>
    public S3Connection(S3Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var endpoint = new Uri(options.Endpoint);
        (Bucket, Calls) = (options.Bucket, new S3Calls(options));
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectCallback = (context, cancellation) => ConnectAsync(context, options.LongestSilence, cancellation),
            AllowAutoRedirect = false,
        };
        if (options.CaFile is { } file)
            handler.SslOptions.RemoteCertificateValidationCallback = CertificateAuthority.Validator(file);
        // For one request, to the answer's first byte: what is large comes and goes in many.
        _http = new HttpClient(new S3Errors(Bucket, handler)) { Timeout = TimeSpan.FromSeconds(100) };
        Client = new MinioClient()
            .WithEndpoint(endpoint.Authority)
            .WithSSL(endpoint.Scheme == Uri.UriSchemeHttps)
            .WithRegion(options.Region)
            .WithCredentials(options.AccessKey, options.SecretKey)
            .WithHttpClient(_http)
            .Build();
    }

    public string Bucket { get; }

    public IMinioClient Client { get; }

    public S3Calls Calls { get; }

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    /// <summary>All objects below a prefix, by key.</summary>
    public async Task<List<Item>> ListAsync(string prefix, CancellationToken cancellation) => await Calls.RunAsync<List<Item>>($"listing {prefix}*", async () =>
    {
        var found = new List<Item>();
        await foreach (var item in Client.ListObjectsEnumAsync(new ListObjectsArgs().WithBucket(Bucket).WithPrefix(prefix).WithRecursive(true), cancellation))
            found.Add(item);
        return found;
    }, cancellation) ?? [];

    /// <summary>An object's content; null where there is none.</summary>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation) => Calls.RunAsync<byte[]>(key, async () =>
    {
        using var content = new MemoryStream();
        await DownloadAsync(key, content, cancellation);
        return content.ToArray();
    }, cancellation);

    /// <summary>Writes an object's content to a file; false where there is none.</summary>
    public Task<bool> TryGetFileAsync(string key, string file, CancellationToken cancellation) => Calls.RunAsync(key, async () =>
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

    public Task<ObjectStat> StatAsync(string key, CancellationToken cancellation)
        => Client.StatObjectAsync(new StatObjectArgs().WithBucket(Bucket).WithObject(key), cancellation);

    private async Task DownloadAsync(string key, Stream content, CancellationToken cancellation)
    {
        var found = await Client.GetObjectAsync(
            new GetObjectArgs().WithBucket(Bucket).WithObject(key).WithCallbackStream((stream, stop) => stream.CopyToAsync(content, CopyBuffer, stop)), cancellation);
        // A connection that breaks in the middle must not pass for a short object.
        if (found.Size != content.Length)
            throw new IOException($"{content.Length} of {found.Size} bytes arrived");
    }

    // As the framework does it, but a connection on which nothing arrives is given up: HttpClient limits the wait for the beginning of an
    // answer only, and keep-alive probes find machines that are gone, but not servers that hang in the middle of an answer.
    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, TimeSpan longestSilence, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 20);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new ImpatientStream(socket, longestSilence);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A connection whose reads fail when nothing arrives for too long. A connection that waits in the pool ends then, too.</summary>
internal sealed class ImpatientStream(Socket socket, TimeSpan patience) : NetworkStream(socket, ownsSocket: true)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            return await base.ReadAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"nothing arrived for {patience.TotalSeconds:0.#} s");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
