using System.Security.Cryptography;
using System.Text;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.ObjectStore;

/// <summary>Base class of tests that hold for every store; there is one derived class per store.</summary>
public abstract class ObjectStoreTests : IAsyncLifetime
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private IObjectStore? _store;

    protected TemporaryFolder Folder { get; } = new();

    protected IObjectStore Store => _store!;

    /// <summary>Opens a private, empty store.</summary>
    protected abstract Task<IObjectStore> OpenAsync();

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        (_store as IDisposable)?.Dispose();
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_part_of_an_object_is_got_and_one_beyond_its_end_is_refused()
    {
        var content = Enumerable.Range(0, 5000).Select(value => (byte)(value * 7)).ToArray();
        await Store.PutAsync("a/large", content, _cancellation);
        foreach (var (offset, length) in new[] { (0, 1), (0, 5000), (17, 4000), (4999, 1) })
            Assert.Equal(content[offset..(offset + length)], await Store.GetRangeAsync("a/large", offset, length, _cancellation));
        foreach (var offset in new[] { 4000, 5000, 9000 })
        {
            var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetRangeAsync("a/large", offset, 1001, _cancellation));
            Assert.Contains($"a/large", failure.Message, StringComparison.Ordinal);
            Assert.Contains($"ends before byte {offset + 1001}", failure.Message, StringComparison.Ordinal);
        }
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.GetRangeAsync("a/missing", 0, 1, _cancellation));
    }

    [Fact]
    public async Task What_was_put_is_got_listed_and_deleted()
    {
        await Store.PutAsync("a/b/2.json", "two"u8.ToArray(), _cancellation);
        await Store.PutAsync("a/b/1.json", "one"u8.ToArray(), _cancellation);
        await Store.PutAsync("a/c.json", "c"u8.ToArray(), _cancellation);
        await Store.PutAsync("a/b/1.json", "again"u8.ToArray(), _cancellation);

        Assert.Equal("again", Encoding.UTF8.GetString(await Store.GetAsync("a/b/1.json", _cancellation)));
        Assert.Equal(["a/b/1.json", "a/b/2.json"], await Keys("a/b/"));
        Assert.Equal(["a/b/1.json", "a/b/2.json", "a/c.json"], await Keys(""));
        Assert.Equal(["a/c.json"], await Keys("a/c"));
        Assert.Empty(await Keys("nowhere/"));

        await Store.DeleteAsync("a/c.json", _cancellation);
        await Store.DeleteAsync("a/c.json", _cancellation);
        Assert.False(await Store.ExistsAsync("a/c.json", _cancellation));
        Assert.True(await Store.ExistsAsync("a/b/1.json", _cancellation));
    }

    [Fact]
    public async Task A_missing_object_is_null_or_an_exception_that_names_it()
    {
        Assert.Null(await Store.TryGetAsync("a/b", _cancellation));
        var missing = await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.GetAsync("a/b", _cancellation));
        Assert.Equal("a/b", missing.Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("a?b")]
    [InlineData("a%2e%2e")]
    [InlineData("a\0b")]
    [InlineData("a\u001b")]
    [InlineData("a\n")]
    [InlineData("~a")]
    [InlineData("é")]
    public async Task A_key_that_could_leave_the_store_is_refused(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, default, _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetAsync(key, _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.TryGetAsync(key, _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutFileAsync(key, "/dev/null", _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.GetFileAsync(key, "/dev/null", _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ExistsAsync(key, _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key, _cancellation));
        Assert.Empty(await Keys("../"));
    }

    [Fact]
    public async Task Readers_see_whole_objects_only()
    {
        byte[][] versions = [new byte[100_000], Enumerable.Repeat((byte)1, 100_000).ToArray()];
        await Store.PutAsync("a", versions[0], _cancellation);
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
                await Store.PutAsync("a", versions[i % 2], _cancellation);
        }, _cancellation);

        while (!writer.IsCompleted)
            Assert.Contains(await Store.GetAsync("a", _cancellation), versions);
        await writer;
        Assert.Equal(["a"], await Keys(""));
    }

    [Fact]
    public async Task An_empty_object_is_one()
    {
        await Store.PutAsync("atlases/demo/cancelled", default, _cancellation);

        Assert.True(await Store.ExistsAsync("atlases/demo/cancelled", _cancellation));
        Assert.Empty(await Store.GetAsync("atlases/demo/cancelled", _cancellation));
        Assert.Equal(["atlases/demo/cancelled"], await Keys("atlases/"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((5 << 20) - 1)]
    [InlineData(5 << 20)]
    [InlineData(40_000_000)]
    public async Task Objects_of_any_size_come_back_from_memory_and_from_files(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        var (sent, received) = (Folder.File("sent.bin"), Folder.File("received.bin"));
        await File.WriteAllBytesAsync(sent, content, _cancellation);
        // Longer than the object: none of the old content may remain.
        await File.WriteAllBytesAsync(received, new byte[size + 9], _cancellation);

        await Store.PutAsync("models/memory.bin", content, _cancellation);
        await Store.PutFileAsync("models/file.bin", sent, _cancellation);
        await Store.GetFileAsync("models/memory.bin", received, _cancellation);

        var expected = SHA256.HashData(content);
        Assert.Equal(expected, SHA256.HashData(await File.ReadAllBytesAsync(received, _cancellation)));
        Assert.Equal(expected, SHA256.HashData(await Store.GetAsync("models/file.bin", _cancellation)));
    }

    [Fact]
    public async Task A_file_of_a_missing_object_is_an_exception_that_names_it()
    {
        var missing = await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.GetFileAsync("a/b", Folder.File("b"), _cancellation));
        Assert.Equal("a/b", missing.Key);
    }

    [Fact]
    public async Task Prefixes_need_not_end_at_a_slash_and_keys_come_in_order()
    {
        foreach (var key in new[] { "a/b/c", "a-b", "a.b", "a/B", "a/b1", "ab" })
            await Store.PutAsync(key, "x"u8.ToArray(), _cancellation);

        Assert.Equal(["a-b", "a.b", "a/B", "a/b/c", "a/b1", "ab"], await Keys("a"));
        Assert.Equal(["a/b/c", "a/b1"], await Keys("a/b"));
        Assert.Equal(["a/b/c"], await Keys("a/b/"));
        Assert.Empty(await Keys("A"));
        Assert.Empty(await Keys("a/../a"));
        Assert.Empty(await Keys("/a"));
    }

    [Fact]
    public async Task A_cancelled_write_leaves_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("a", new byte[9], new CancellationToken(true)));
        Assert.Empty(await Keys(""));
    }

    protected async Task<List<string>> Keys(string prefix) => await Store.ListAsync(prefix, _cancellation).ToListAsync(_cancellation);
}
