using System.Net.Sockets;
using Minio;
using Minio.DataModel;
using Minio.DataModel.Args;

namespace VizPipeline.ObjectStore;

/// <summary>A bucket of an S3 server, and the few calls shared by all its users.</summary>
internal sealed class S3Connection : IDisposable
{
    private const int CopyBuffer = 1 << 20;
    private readonly HttpClient _http;

    /// <summary>Initializes the connection without contacting the server.</summary>
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
        // Limits one request, up to the first byte of the answer; large objects are transferred in many requests.
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

    /// <summary>Lists all objects below a prefix, by key.</summary>
    public async Task<List<Item>> ListAsync(string prefix, CancellationToken cancellation)
        => await Calls.RunAsync<List<Item>>($"listing {prefix}*", async () =>
    {
        var found = new List<Item>();
        await foreach (var item in Client.ListObjectsEnumAsync(
            new ListObjectsArgs().WithBucket(Bucket).WithPrefix(prefix).WithRecursive(true), cancellation))
            found.Add(item);
        return found;
    }, cancellation) ?? [];

    /// <summary>Gets the content of an object; null if it does not exist.</summary>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation) => Calls.RunAsync<byte[]>(key, async () =>
    {
        using var content = new MemoryStream();
        await DownloadAsync(key, content, cancellation);
        return content.ToArray();
    }, cancellation);

    /// <summary>Gets part of an object, which must be that long; null if it does not exist.</summary>
    public Task<byte[]?> TryGetRangeAsync(string key, long offset, int length, CancellationToken cancellation)
        => Calls.RunAsync<byte[]>(key, async () =>
    {
        using var content = new MemoryStream(length);
        await Client.GetObjectAsync(
            new GetObjectArgs().WithBucket(Bucket).WithObject(key).WithOffsetAndLength(offset, length)
                .WithCallbackStream((stream, stop) => stream.CopyToAsync(content, CopyBuffer, stop)),
            cancellation);
        return content.Length == length ? content.ToArray() : throw new IOException($"{content.Length} of {length} bytes arrived");
    }, cancellation);

    /// <summary>Writes the content of an object to a file; returns false if it does not exist.</summary>
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
            new GetObjectArgs().WithBucket(Bucket).WithObject(key)
                .WithCallbackStream((stream, stop) => stream.CopyToAsync(content, CopyBuffer, stop)),
            cancellation);
        // A connection that breaks midway must not look like a shorter object.
        if (found.Size != content.Length)
            throw new IOException($"{content.Length} of {found.Size} bytes arrived");
    }

    // Connects like the framework, but gives up on a connection that receives nothing: HttpClient only limits the wait for the start of an
    // answer, and keep-alive probes detect machines that are gone, but not servers that hang in the middle of an answer.
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

/// <summary>A connection whose reads fail if nothing arrives for too long. This also closes a connection that idles in the pool.</summary>
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
