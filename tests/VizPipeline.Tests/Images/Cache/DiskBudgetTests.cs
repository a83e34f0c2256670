using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Worker;
using ImageEntry = VizPipeline.Images.ImageEntry;

namespace VizPipeline.Tests.Worker;

/// <summary>Crops, archives and networks of a worker share one folder and together stay within one limit.</summary>
public sealed class DiskBudgetTests : IDisposable
{
    private const int Budget = 4 << 20;
    private const int Mega = 1 << 20;
    private static readonly Preprocessing Small = Preprocessing.Unit(32, 32);
    private readonly TemporaryFolder _folder = new();
    private readonly FolderObjectStore _store;
    private readonly IOptions<WorkerOptions> _options;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public DiskBudgetTests()
    {
        _store = new FolderObjectStore(_folder.File("store"));
        _options = Options.Create(new WorkerOptions { CacheFolder = _folder.File("cache"), DiskBytes = Budget, Name = "worker-7" });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_all_three_kinds_take_together_stays_within_the_budget()
    {
        var random = new Random(3);
        for (var round = 0; round < 60; round++)
        {
            switch (random.Next(3))
            {
                case 0:
                    using (var crops = Crops(set: random.Next(6), images: random.Next(1, 1000)))
                        for (var i = 0; i < crops.Slots; i++)
                            crops.Write(i, new byte[Small.CropBytes]);
                    break;
                case 1:
                    Archive(random.Next(6), random.Next(1, Budget)).Dispose();
                    break;
                default:
                    (await ModelAsync(random.Next(6), random.Next(1, Budget))).Dispose();
                    break;
            }
            Assert.InRange(Used(), 1, Budget);
        }
        Assert.Empty(Directory.GetFiles(_folder.File("cache"), "*.unfinished*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_was_used_longest_ago_goes_first_whatever_it_is()
    {
        Crops(set: 1, images: 300).Dispose();
        Archive(1, Mega).Dispose();
        (await ModelAsync(1, Mega)).Dispose();
        // It was used again, so the archive is the oldest.
        Age("*.crops", 3);
        Age("*.tar", 2);
        Age("*.onnx", 1);
        Crops(set: 1, images: 300).Dispose();

        Archive(2, 3 * Mega / 2).Dispose();

        var kinds = Directory.GetFiles(_folder.File("cache"), "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).ToList();
        Assert.Single(kinds, file => file.EndsWith(".crops", StringComparison.Ordinal));
        Assert.Single(kinds, file => file.EndsWith(".onnx", StringComparison.Ordinal));
        Assert.Single(kinds, file => file.EndsWith(".tar", StringComparison.Ordinal));
        Assert.InRange(Used(), 1, Budget);
    }

    [Fact]
    public async Task What_a_job_reads_stays_and_the_message_says_what_does_not_fit()
    {
        using var crops = Crops(set: 1, images: 5000);
        crops.Write(0, Filled(Small.CropBytes, 7));
        using var archive = Archive(1, Mega);
        using var model = await ModelAsync(1, Mega / 2);

        // Crops may take up to half, so there is always space for what jobs need, but not for two more of these.
        var failure = Assert.Throws<DiskBudgetException>(() => Archive(2, Mega));
        Assert.Contains("1.0 MiB does not fit into " + _folder.File("cache"), failure.Message);
        Assert.Contains("4.0 MiB (Worker:DiskBytes)", failure.Message);
        Assert.True(File.Exists(model.Model));
        Assert.Equal(Mega, RandomAccess.GetLength(archive));
        Assert.InRange(Used(), 1, Budget);

        // The first archive is no longer in use.
        archive.Dispose();
        Archive(2, Mega).Dispose();
        var crop = new byte[Small.CropBytes];
        Assert.True(crops.TryRead(0, crop, out _));
        Assert.Equal(Filled(Small.CropBytes, 7), crop);
    }

    [Fact]
    public async Task Two_that_fetch_at_once_do_not_take_the_same_room()
    {
        var (fetching, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = Task.Run(() => Cache().Open("one", 3 * Mega, file =>
        {
            fetching.SetResult();
            go.Task.Wait(_cancellation);
            File.WriteAllBytes(file, new byte[3 * Mega]);
            return true;
        }), _cancellation);
        await fetching.Task.WaitAsync(_cancellation);
        Assert.Throws<DiskBudgetException>(() => Archive(2, 2 * Mega));
        using var fits = Archive(3, Mega);
        go.SetResult();
        using var handle = await first;
        Assert.Equal(4 * Mega, Used());
    }

    [Fact]
    public void What_a_killed_process_left_half_fetched_goes()
    {
        var archives = Directory.CreateDirectory(Path.Combine(_folder.File("cache"), "archives")).FullName;
        File.WriteAllBytes(Path.Combine(archives, "x.tar.1-1.unfinished"), new byte[3 * Mega]);
        File.WriteAllBytes(Path.Combine(archives, "x.tar.1-1.unfinished.room"), new byte[3 * Mega]);
        Archive(1, 2 * Mega).Dispose();
        Assert.InRange(Used(), 1, Budget);
    }

    // While one archive is read, another is needed and both do not fit: the first is evicted between two images.
    [Fact]
    public async Task Readers_of_two_archives_of_which_one_fits_take_turns()
    {
        var (one, other) = (Tar("a.png", 3 * Mega), Tar("b.png", 3 * Mega));
        var cache = Cache();
        using var files = new ImageFiles(new FetchedFolder(cache, new() { ["one.tar"] = one, ["other.tar"] = other }));
        await Task.WhenAll(Enumerable.Range(0, 2).Select(reader => Task.Run(
            () =>
            {
                for (var i = 0; i < 5; i++)
                    Assert.Equal(3 * Mega, files.Use(reader == 0 ? "one.tar/a.png" : "other.tar/b.png", file => file.Length));
            },
            _cancellation)));
        Assert.InRange(Used(), 1, Budget);
    }

    [Fact]
    public async Task Readers_that_want_an_archive_at_once_fetch_it_once()
    {
        var fetches = 0;
        var cache = Cache();
        // Several devices ask for the same archive at once, each through its own handle.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => cache.Open("wanted", Mega, file =>
            {
                Interlocked.Increment(ref fetches);
                Thread.Sleep(100);
                File.WriteAllBytes(file, new byte[Mega]);
                return true;
            })!.Dispose(),
            _cancellation)));
        Assert.Equal(1, fetches);
    }

    [Fact]
    public void What_can_never_fit_costs_nothing_that_is_there()
    {
        Archive(1, Mega).Dispose();
        Assert.Throws<DiskBudgetException>(() => Archive(2, Budget + 1));
        Assert.Equal(Mega, Used());
    }

    [Fact]
    public void Looking_for_a_picture_fetches_no_archive()
    {
        using var files = new ImageFiles(new FetchedFolder(Cache(), new() { ["one.tar"] = [1, 2, 3] }));
        Assert.Equal((true, null), files.Find("one.tar/a.png"));
        Assert.Equal((false, null), files.Find("other.tar/a.png"));
        Assert.Equal((false, null), files.Find("../a.png"));
        Assert.False(Directory.Exists(_folder.File("cache")));
    }

    private CropCache Crops(int set, int images) => CropCache.Open(
        new([.. Enumerable.Range(0, images).Select(i => new ImageEntry(i, $"{i}.jpg", 1, $"{set}-{i}"))]),
        Small, new() { Disk = _options.Value.Disk() });

    private ArchiveCache Cache() => new(_options.Value.Disk());

    private Microsoft.Win32.SafeHandles.SafeFileHandle Archive(int number, int bytes)
        => Cache().Open($"archive {number} of {bytes}", bytes, file =>
    {
        File.WriteAllBytes(file, new byte[bytes]);
        Assert.InRange(Used(), 1, Budget);
        return true;
    })!;

    private async Task<FoundModel> ModelAsync(int number, int bytes)
    {
        var content = Filled(bytes, (byte)number);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        await _store.PutAsync($"models/{hash}.onnx", content, _cancellation);
        var spec = new ModelSpec { Model = "net.onnx", ModelKey = $"models/{hash}.onnx", ModelSha256 = hash, Input = [3, 8, 8] };
        return await new ModelFiles(_store, _options, NullLogger<ModelFiles>.Instance).FindAsync(spec, _cancellation);
    }

    private void Age(string pattern, int days)
    {
        foreach (var file in Directory.GetFiles(_folder.File("cache"), pattern, SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(100 - days));
    }

    // Reservations are sparse files and take no space.
    private long Used() => Directory.GetFiles(_folder.File("cache"), "*", SearchOption.AllDirectories)
        .Where(file => !file.EndsWith(".room", StringComparison.Ordinal)).Sum(file => new FileInfo(file).Length);

    private static byte[] Filled(int bytes, byte value)
    {
        var content = new byte[bytes];
        Array.Fill(content, value);
        return content;
    }

    private static byte[] Tar(string name, int bytes)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Formats.Tar.TarWriter(stream, leaveOpen: true))
            writer.WriteEntry(
                new System.Formats.Tar.PaxTarEntry(
                    System.Formats.Tar.TarEntryType.RegularFile, name)
                { DataStream = new MemoryStream(new byte[bytes]) });
        return stream.ToArray();
    }

    /// <summary>Archives as in a bucket: fetched before they are read.</summary>
    private sealed class FetchedFolder(ArchiveCache cache, Dictionary<string, byte[]> archives) : IImageFolder
    {
        public string Name => "fetched";

        public void Check()
        {
        }

        public FileListing List(CancellationToken cancellation) => new([.. archives.Keys], []);

        public ImageFile Open(string path, CancellationToken cancellation) => throw new FileNotFoundException();

        public long? Length(string path) => archives.TryGetValue(path, out var bytes) ? bytes.Length : null;

        public Microsoft.Win32.SafeHandles.SafeFileHandle? OpenArchive(string path) => cache.Open(path, archives[path].Length, file =>
        {
            File.WriteAllBytes(file, archives[path]);
            return true;
        });
    }
}
