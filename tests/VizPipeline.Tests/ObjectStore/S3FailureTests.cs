using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.ObjectStore;

/// <summary>Faults are reported quickly, in one line that names the server and the setting, without secrets.</summary>
public sealed class S3FailureTests
{
    private const string Secret = "wrong-secret-0123456789";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_keys()
    {
        var options = await TestS3.NewBucketAsync();
        using (var owner = new S3ObjectStore(options))
            await owner.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        options.SecretKey = Secret;

        await FailsAsync(options, isTransient: false, "ObjectStore__SecretKey");
        options.AccessKey = "nobody";
        await FailsAsync(options, isTransient: false, "ObjectStore__AccessKey");
    }

    [Fact]
    public async Task Host_that_nobody_knows()
        => await FailsAsync(Options("http://s3.viz-pipeline.invalid:8333"), isTransient: false, "ObjectStore__Endpoint");

    [Fact]
    public async Task Port_that_nobody_listens_at()
        => await FailsAsync(Options($"http://127.0.0.1:{TestServer.FreePorts(1)}"), isTransient: true, "refused", "ObjectStore__Endpoint");

    [Fact]
    public async Task Port_of_a_server_without_TLS()
    {
        var options = await TestS3.NewBucketAsync();
        options.Endpoint = options.Endpoint.Replace("http:", "https:", StringComparison.Ordinal);
        await FailsAsync(options, isTransient: false, "TLS", "ObjectStore__Endpoint");
    }

    [Fact]
    public async Task Server_that_takes_connections_and_says_nothing()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var store = new S3ObjectStore(Options($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.GetAsync("a", limit.Token).WaitAsync(TimeSpan.FromSeconds(10), _cancellation));
    }

    [Fact]
    public async Task Server_that_hangs_in_the_middle_of_an_answer()
    {
        using var hanging = new TcpListener(IPAddress.Loopback, 0);
        hanging.Start();
        var serve = ServeHalfAsync(hanging, _cancellation);
        var options = Options($"http://127.0.0.1:{((IPEndPoint)hanging.LocalEndpoint).Port}");
        (options.LongestSilence, options.PatienceSeconds) = (TimeSpan.FromSeconds(1), 2);
        using var store = new S3ObjectStore(options);

        var failure = await Assert.ThrowsAsync<ObjectStoreException>(
            () => store.GetAsync("a", _cancellation).WaitAsync(TimeSpan.FromSeconds(30), _cancellation));

        IsClear(failure, options, isTransient: true, "nothing arrived for 1 s", "ObjectStore__Endpoint");
        hanging.Stop();
        await serve;
    }

    private static async Task ServeHalfAsync(TcpListener listener, CancellationToken cancellation)
    {
        const string Half =
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"a\"\r\nLast-Modified: Sun, 29 Nov 2026 00:00:00 GMT\r\n\r\nhalf";
        var open = new List<Socket>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(cancellation);
                open.Add(client);
                await client.ReceiveAsync(new byte[65_536], cancellation);
                await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(Half), cancellation);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            open.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Bucket_that_may_not_be_made()
    {
        var options = await TestS3.NewLimitedUserAsync();
        using var store = new S3ObjectStore(options);

        var failure = await Assert.ThrowsAsync<BucketMissingException>(() => store.EnsureBucketAsync(TimeSpan.Zero, _cancellation));
        IsClear(failure, options, isTransient: false, "there is no bucket", "make it", "ObjectStore__Bucket");
        foreach (var call in Calls(store))
            IsClear(
                await Assert.ThrowsAsync<ObjectStoreException>(call),
                options,
                isTransient: false,
                "there is no bucket",
                "ObjectStore__Bucket");
    }

    [Fact]
    public async Task Bucket_of_somebody_else()
    {
        var options = await TestS3.NewBucketAsync();
        using (var owner = new S3ObjectStore(options))
            await owner.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        (options.AccessKey, options.SecretKey) = await TestS3.NewLimitedUserAsync() is var limited
            ? (limited.AccessKey, limited.SecretKey)
            : default;

        await FailsAsync(options, isTransient: false, "rights to the bucket");
    }

    [Theory]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<html><br>Bad gateway</html>\n")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian\r\n")]
    public async Task Something_else_that_answers(string answer)
    {
        using var proxy = new BreakableProxy(0) { Answer = answer };
        await FailsAsync(Options($"http://127.0.0.1:{proxy.Port}"), isTransient: true, "ObjectStore__Endpoint");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nNo route\n")]
    public async Task Pages_of_another_server_are_no_objects_and_no_success(string answer)
    {
        using var proxy = new BreakableProxy(0) { Answer = answer };
        var options = Options($"http://127.0.0.1:{proxy.Port}");
        using var store = new S3ObjectStore(options);

        IsClear(
            await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("a", new byte[9], _cancellation)),
            options,
            isTransient: true,
            "ObjectStore__Endpoint");
        IsClear(
            await Assert.ThrowsAsync<ObjectStoreException>(() => store.ListAsync("", _cancellation).ToListAsync(_cancellation).AsTask()),
            options,
            isTransient: true,
            "ObjectStore__Endpoint");
    }

    private static S3Options Options(string endpoint)
        => new() { Endpoint = endpoint, Bucket = "no-bucket", AccessKey = "testaccess", SecretKey = Secret, PatienceSeconds = 0 };

    private static List<Func<Task>> Calls(S3ObjectStore store) =>
    [
        () => store.PutAsync("a", "x"u8.ToArray()),
        () => store.PutAsync("a", new byte[6_000_000]),
        () => store.TryGetAsync("a"),
        () => store.GetFileAsync("a", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())),
        () => store.ExistsAsync("a"),
        () => store.ListAsync("").ToListAsync().AsTask(),
        () => store.DeleteAsync("a"),
    ];

    private async Task FailsAsync(S3Options options, bool isTransient, params string[] parts)
    {
        options.PatienceSeconds = 0;
        using var store = new S3ObjectStore(options);
        foreach (var call in Calls(store).Prepend(() => store.EnsureBucketAsync(TimeSpan.Zero, _cancellation)))
        {
            var started = Stopwatch.GetTimestamp();
            IsClear(await Assert.ThrowsAsync<ObjectStoreException>(call), options, isTransient, parts);
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15));
        }
    }

    private static void IsClear(ObjectStoreException failure, S3Options options, bool isTransient, params string[] parts)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(failure.Message);
        Assert.Equal(isTransient, failure.IsTransient);
        Assert.Contains($"{options.Endpoint}/{options.Bucket}", failure.Message);
        Assert.All(parts, part => Assert.Contains(part, failure.Message));
        Assert.DoesNotContain('\n', failure.Message);
        Assert.DoesNotContain(options.SecretKey, failure.ToString());
        Assert.True(failure.Message.Length < 400, failure.Message);
    }
}
