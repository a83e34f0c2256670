using System.Diagnostics;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.ObjectStore;

public sealed class FolderObjectStoreTests : ObjectStoreTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    private string Root => Folder.File("objects");

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(new FolderObjectStore(Root));

    [Fact]
    public async Task A_mount_is_stripped_and_other_keys_are_refused()
    {
        var store = new FolderObjectStore(Folder.Path, AtlasKeys.Root("demo"));
        await store.PutAsync(AtlasKeys.Sheet("demo", "conv1"), "x"u8.ToArray(), _cancellation);

        Assert.True(File.Exists(Folder.File("sheets/conv1.png")));
        Assert.Equal(
            [AtlasKeys.Sheet("demo", "conv1")], await store.ListAsync(AtlasKeys.Root("demo"), _cancellation).ToListAsync(_cancellation));
        Assert.Equal([AtlasKeys.Sheet("demo", "conv1")], await store.ListAsync("atl", _cancellation).ToListAsync(_cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryGetAsync(AtlasKeys.Spec("other"), _cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.TryGetAsync("atlases/demonic/spec.json", _cancellation));
    }

    [Fact]
    public async Task Leftovers_of_dead_writers_go_and_those_of_living_ones_stay()
    {
        await Store.PutAsync("a/b", "x"u8.ToArray(), _cancellation);
        using var dead = Process.Start(new ProcessStartInfo("true") { UseShellExecute = false })!;
        await dead.WaitForExitAsync(_cancellation);
        var host = string.Concat(Environment.MachineName.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        var abandoned = Path.Combine(Root, $"a/~{host}.{dead.Id}.1.tmp");
        var living = Path.Combine(Root, $"a/~{host}.{Environment.ProcessId}.999999.tmp");
        var elsewhere = Path.Combine(Root, $"a/~{host}x.{dead.Id}.1.tmp");
        foreach (var path in new[] { abandoned, living, elsewhere })
            await File.WriteAllTextAsync(path, "half", _cancellation);

        _ = new FolderObjectStore(Root);

        Assert.False(File.Exists(abandoned));
        Assert.True(File.Exists(living));
        Assert.True(File.Exists(elsewhere));
        Assert.Equal(["a/b"], await Keys(""));
    }

    [Fact]
    public async Task Writes_leave_no_other_files()
    {
        await Store.PutAsync("a", new byte[9], _cancellation);
        await Store.PutAsync("a", new byte[8], _cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("b", new byte[9], new CancellationToken(true)));
        Assert.Equal([Path.Combine(Root, "a")], Directory.GetFiles(Root));
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
        await Store.PutAsync("a/b", "x"u8.ToArray(), _cancellation);

        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync("a", "x"u8.ToArray(), _cancellation));
    }
}
