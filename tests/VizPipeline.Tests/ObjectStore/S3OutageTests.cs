using VizPipeline.ObjectStore;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.ObjectStore;

/// <summary>Readers and writers do not notice a server that goes away and comes back, or connections that break midway.</summary>
public sealed class S3OutageTests : IDisposable
{
    private static readonly TestServer Server = new("s3", "outages");
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_gateway_that_is_stopped_for_seconds_is_waited_for()
    {
        using var store = new S3ObjectStore(await TestS3.NewBucketAsync(Server));
        await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        var content = Bytes(12_000_000);
        await store.PutAsync("atlases/old", content, _cancellation);

        await Server.RunAsync("stop-gateway");
        var put = store.PutAsync("atlases/new", content, _cancellation);
        var got = store.GetAsync("atlases/old", _cancellation);
        var exists = store.ExistsAsync("atlases/old", _cancellation);
        var listed = store.ListAsync("atlases/o", _cancellation).ToListAsync(_cancellation).AsTask();
        await Task.Delay(3000, _cancellation);
        Assert.DoesNotContain(new Task[] { put, got, exists, listed }, call => call.IsCompleted);
        await Server.RunAsync("start-gateway");

        await put;
        Assert.Equal(content, await got);
        Assert.True(await exists);
        Assert.Equal(["atlases/old"], await listed);
        Assert.Equal(content, await store.GetAsync("atlases/new", _cancellation));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(3_000_000)]
    [InlineData(9_000_000)]
    [InlineData(19_990_000)]
    public async Task A_connection_that_ends_in_the_middle_is_made_again(int bytes)
    {
        var options = await TestS3.NewBucketAsync();
        using var proxy = new BreakableProxy(new Uri(options.Endpoint).Port);
        options.Endpoint = $"http://127.0.0.1:{proxy.Port}";
        using var store = new S3ObjectStore(options);
        await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        var content = Bytes(20_000_000);
        var (sent, received) = (_folder.File("sent"), _folder.File("received"));
        await File.WriteAllBytesAsync(sent, content, _cancellation);

        proxy.BreakAfter(bytes);
        await store.PutAsync("a", content, _cancellation);
        proxy.BreakAfter(bytes);
        Assert.Equal(content, await store.GetAsync("a", _cancellation));
        proxy.BreakAfter(bytes);
        await store.PutFileAsync("b", sent, _cancellation);
        proxy.BreakAfter(bytes);
        await store.GetFileAsync("b", received, _cancellation);

        Assert.Equal(content, await File.ReadAllBytesAsync(received, _cancellation));
        Assert.Equal(["a", "b"], await store.ListAsync("", _cancellation).ToListAsync(_cancellation));
        Assert.Equal(4, proxy.Breaks);
    }

    [Fact]
    public async Task A_listing_that_ends_in_the_middle_begins_anew()
    {
        var options = await TestS3.NewBucketAsync();
        using var proxy = new BreakableProxy(new Uri(options.Endpoint).Port);
        options.Endpoint = $"http://127.0.0.1:{proxy.Port}";
        using var store = new S3ObjectStore(options);
        await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        await Parallel.ForAsync(0, 1050, _cancellation, async (i, stop) => await store.PutAsync($"k{i:D4}", "x"u8.ToArray(), stop));

        proxy.BreakAfter(150_000);
        var keys = await store.ListAsync("k", _cancellation).ToListAsync(_cancellation);

        Assert.Equal(Enumerable.Range(0, 1050).Select(i => $"k{i:D4}"), keys);
        Assert.Equal(1, proxy.Breaks);
    }

    [Fact]
    public async Task Error_pages_of_a_proxy_are_an_outage_like_any_other()
    {
        var options = await TestS3.NewBucketAsync();
        using var proxy = new BreakableProxy(new Uri(options.Endpoint).Port);
        options.Endpoint = $"http://127.0.0.1:{proxy.Port}";
        using var store = new S3ObjectStore(options);
        await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        await store.PutAsync("a", Bytes(9), _cancellation);

        proxy.Answer =
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\n"
            + "Content-Length: 29\r\n\r\n<html><br>Bad gateway</html>\n";
        proxy.Break();
        proxy.Mend();
        var put = store.PutAsync("b", Bytes(9), _cancellation);
        var got = store.GetAsync("a", _cancellation);
        var listed = store.ListAsync("", _cancellation).ToListAsync(_cancellation).AsTask();
        await Task.Delay(1500, _cancellation);
        Assert.DoesNotContain(new Task[] { put, got, listed }, call => call.IsCompleted);
        proxy.Answer = null;

        await put;
        Assert.Equal(Bytes(9), await got);
        Assert.Contains("a", await listed);
    }

    [Fact]
    public async Task Patience_ends_with_a_line_and_not_with_a_hang()
    {
        var options = await TestS3.NewBucketAsync();
        using var proxy = new BreakableProxy(new Uri(options.Endpoint).Port);
        (options.Endpoint, options.PatienceSeconds) = ($"http://127.0.0.1:{proxy.Port}", 2);
        using var store = new S3ObjectStore(options);
        await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        proxy.Break();

        var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("a", Bytes(9), _cancellation));
        Assert.True(failure.IsTransient);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        stop.CancelAfter(200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync("a", Bytes(9), stop.Token));
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
