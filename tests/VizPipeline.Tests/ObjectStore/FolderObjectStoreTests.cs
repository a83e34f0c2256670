using System.Diagnostics;
using System.Text;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.ObjectStore;

public sealed class FolderObjectStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CancellationToken cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_put_is_got_listed_and_deleted()
    {
        var store = new FolderObjectStore(folder.Path);
        await store.PutAsync("a/b/2.json", "two"u8.ToArray(), cancellation);
        await store.PutAsync("a/b/1.json", "one"u8.ToArray(), cancellation);
        await store.PutAsync("a/c.json", "c"u8.ToArray(), cancellation);
        await store.PutAsync("a/b/1.json", "again"u8.ToArray(), cancellation);

        Assert.Equal("again", Encoding.UTF8.GetString(await store.GetAsync("a/b/1.json", cancellation)));
        Assert.Equal(["a/b/1.json", "a/b/2.json"], await Keys(store, "a/b/"));
        Assert.Equal(["a/b/1.json", "a/b/2.json", "a/c.json"], await Keys(store, ""));
        Assert.Equal(["a/c.json"], await Keys(store, "a/c"));
        Assert.Empty(await Keys(store, "nowhere/"));

        await store.DeleteAsync("a/c.json", cancellation);
        await store.DeleteAsync("a/c.json", cancellation);
        Assert.False(await store.ExistsAsync("a/c.json", cancellation));
        Assert.True(await store.ExistsAsync("a/b/1.json", cancellation));
    }

    [Fact]
    public async Task A_missing_object_is_null_or_an_exception_that_names_it()
    {
        var store = new FolderObjectStore(folder.Path);

        Assert.Null(await store.TryGetAsync("a/b", cancellation));
        var missing = await Assert.ThrowsAsync<ObjectNotFoundException>(() => store.GetAsync("a/b", cancellation));
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
    [InlineData("a\n")]
    [InlineData("~a")]
    [InlineData("é")]
    public async Task A_key_that_could_leave_the_folder_is_refused(string key)
    {
        var store = new FolderObjectStore(folder.Path);

        await Assert.ThrowsAsync<ArgumentException>(() => store.PutAsync(key, default, cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.GetAsync(key, cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync(key, cancellation));
        Assert.Empty(await Keys(store, "../"));
    }

    [Fact]
    public async Task A_mount_is_stripped_and_other_keys_are_refused()
    {
        var store = new FolderObjectStore(folder.Path, AtlasKeys.Root("demo"));
        await store.PutAsync(AtlasKeys.Sheet("demo", "conv1"), "x"u8.ToArray(), cancellation);

        Assert.True(File.Exists(folder.File("sheets/conv1.png")));
        Assert.Equal([AtlasKeys.Sheet("demo", "conv1")], await Keys(store, AtlasKeys.Root("demo")));
        Assert.Equal([AtlasKeys.Sheet("demo", "conv1")], await Keys(store, "atl"));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryGetAsync(AtlasKeys.Spec("other"), cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryGetAsync("atlases/demonic/spec.json", cancellation));
    }

    [Fact]
    public async Task Leftovers_of_dead_writers_go_and_those_of_living_ones_stay()
    {
        var store = new FolderObjectStore(folder.Path);
        await store.PutAsync("a/b", "x"u8.ToArray(), cancellation);
        using var dead = Process.Start(new ProcessStartInfo("true") { UseShellExecute = false })!;
        await dead.WaitForExitAsync(cancellation);
        var host = string.Concat(Environment.MachineName.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        var abandoned = folder.File($"a/~{host}.{dead.Id}.1.tmp");
        var living = folder.File($"a/~{host}.{Environment.ProcessId}.999999.tmp");
        var elsewhere = folder.File($"a/~{host}x.{dead.Id}.1.tmp");
        foreach (var path in new[] { abandoned, living, elsewhere })
            await File.WriteAllTextAsync(path, "half", cancellation);

        store = new FolderObjectStore(folder.Path);

        Assert.False(File.Exists(abandoned));
        Assert.True(File.Exists(living));
        Assert.True(File.Exists(elsewhere));
        Assert.Equal(["a/b"], await Keys(store, ""));
    }

    [Fact]
    public async Task Readers_see_whole_objects_only()
    {
        var store = new FolderObjectStore(folder.Path);
        byte[][] versions = [new byte[100_000], Enumerable.Repeat((byte)1, 100_000).ToArray()];
        await store.PutAsync("a", versions[0], cancellation);
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
                await store.PutAsync("a", versions[i % 2], cancellation);
        }, cancellation);

        while (!writer.IsCompleted)
            Assert.Contains(await store.GetAsync("a", cancellation), versions);
        await writer;
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_cancelled_write_leaves_nothing()
    {
        var store = new FolderObjectStore(folder.Path);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync("a", new byte[9], new CancellationToken(true)));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_full_disk_is_named_with_what_to_do()
    {
        var full = ObjectStoreException.From("/data/atlas", "a/b", new IOException("No space left on device", 28));

        Assert.Contains("disk of /data/atlas is full", full.Message);
        Assert.Contains("free some space", full.Message);
        Assert.False(full.IsTransient);
    }

    [Fact]
    public async Task A_folder_in_the_way_is_an_error_of_the_store()
    {
        var store = new FolderObjectStore(folder.Path);
        await store.PutAsync("a/b", "x"u8.ToArray(), cancellation);

        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("a", "x"u8.ToArray(), cancellation));
    }

    private async Task<List<string>> Keys(FolderObjectStore store, string prefix)
        => await store.ListAsync(prefix, cancellation).ToListAsync(cancellation);
}
