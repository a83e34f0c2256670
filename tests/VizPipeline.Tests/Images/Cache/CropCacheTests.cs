using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class CropCacheTests
{
    private static readonly Preprocessing Small = Preprocessing.Unit(8, 8);

    [Fact]
    public void What_was_written_is_read_by_the_next_process()
    {
        using var folder = new TemporaryFolder();
        using (var first = Open(folder, Set(3)))
        {
            first.Write(0, Crop(1));
            first.WriteUnreadable(2, "the file is empty");
        }

        using var second = Open(folder, Set(3));

        Assert.Equal(Crop(1), Read(second, 0).Crop);
        Assert.Equal((null, false), (Read(second, 1).Reason, Read(second, 1).Known));
        Assert.Equal("the file is empty", Read(second, 2).Reason);
    }

    [Fact]
    public void Another_set_or_preprocessing_has_a_cache_of_its_own()
    {
        using var folder = new TemporaryFolder();
        using var cache = Open(folder, Set(3));
        cache.Write(0, Crop(1));

        using var otherSet = Open(folder, Set(4));
        using var otherPreprocessing = CropCache.Open(
            Set(3), Small with { ShorterSide = 9 }, new() { Disk = new DiskBudget(folder.Path, 1 << 20) });

        Assert.False(Read(otherSet, 0).Known);
        Assert.False(Read(otherPreprocessing, 0).Known);
    }

    // Flip every byte of a slot in turn: whatever a crash or a bad disk leaves there, it reads as missing or as the true crop.
    [Fact]
    public void A_damaged_slot_is_a_missing_crop_and_never_a_wrong_one()
    {
        using var folder = new TemporaryFolder();
        using (var cache = Open(folder, Set(1)))
            cache.Write(0, Crop(5));
        var file = Files(folder).Single();
        var good = File.ReadAllBytes(file);
        var missing = 0;

        for (var at = 64; at < good.Length; at++)
        {
            byte[] damaged = [.. good];
            damaged[at] ^= 0x5A;
            File.WriteAllBytes(file, damaged);
            using var cache = Open(folder, Set(1));
            var (known, crop, reason) = Read(cache, 0);
            Assert.Null(reason);
            if (known)
                Assert.Equal(Crop(5), crop);
            missing += known ? 0 : 1;
        }
        // The state, the checksum and the 192 bytes of the crop count; the padding does not.
        Assert.Equal(1 + 8 + 192, missing);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    public void A_file_cut_short_is_made_anew_or_misses(int length)
    {
        using var folder = new TemporaryFolder();
        using (var cache = Open(folder, Set(2)))
            cache.Write(1, Crop(5));
        using (var stream = File.OpenWrite(Files(folder).Single()))
            stream.SetLength(length);

        using var again = Open(folder, Set(2));
        Assert.False(Read(again, 1).Known);
        again.Write(1, Crop(6));
        Assert.Equal(Crop(6), Read(again, 1).Crop);
    }

    [Fact]
    public void A_file_of_another_version_is_made_anew()
    {
        using var folder = new TemporaryFolder();
        using (var cache = Open(folder, Set(1)))
            cache.Write(0, Crop(5));
        var file = Files(folder).Single();
        var bytes = File.ReadAllBytes(file);
        bytes[7]++;
        File.WriteAllBytes(file, bytes);

        using var again = Open(folder, Set(1));

        Assert.False(Read(again, 0).Known);
    }

    [Fact]
    public void A_set_larger_than_the_budget_keeps_what_fits()
    {
        using var folder = new TemporaryFolder();
        using var cache = Open(folder, Set(100), crops: 3000);
        for (var i = 0; i < 100; i++)
            cache.Write(i, Crop(i));

        // 64 bytes of header, then 16 + 256 a slot.
        Assert.Equal((3000 - 64) / 272, cache.Slots);
        Assert.Equal(Crop(cache.Slots - 1), Read(cache, cache.Slots - 1).Crop);
        Assert.False(Read(cache, cache.Slots).Known);
        Assert.InRange(Files(folder).Sum(file => new FileInfo(file).Length), 1, 3000);
    }

    [Fact]
    public void Room_is_made_by_deleting_what_was_used_longest_ago()
    {
        using var folder = new TemporaryFolder();
        var budget = 2 * (64 + 4 * 272) + 300;
        Open(folder, Set(4), budget).Dispose();
        var oldest = Files(folder).Single();
        Open(folder, Set(3), budget).Dispose();
        var newer = Files(folder).Single(file => file != oldest);
        File.SetLastWriteTimeUtc(newer, new DateTime(2020, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(oldest, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        // Used again, so the other one is the oldest now.
        Open(folder, Set(4), budget).Dispose();

        Open(folder, Set(5), budget).Dispose();

        Assert.Contains(oldest, Files(folder));
        Assert.Equal(2, Files(folder).Length);
    }

    [Fact]
    public void A_process_keeps_the_contents_of_a_file_that_another_deletes()
    {
        using var folder = new TemporaryFolder();
        using var cache = Open(folder, Set(1));
        cache.Write(0, Crop(3));

        File.Delete(Files(folder).Single());

        Assert.Equal(Crop(3), Read(cache, 0).Crop);
    }

    [Fact]
    public void An_unusable_folder_warns_once_and_misses()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("file", "");
        var warnings = new List<string>();

        using var cache = CropCache.Open(Set(2), Small, new() { Disk = new DiskBudget(Path.Combine(file, "below")), Warn = warnings.Add });
        cache.Write(0, Crop(1));
        cache.WriteUnreadable(1, "x");

        Assert.False(Read(cache, 0).Known);
        Assert.Contains("crops are not cached", Assert.Single(warnings));
    }

    [Fact]
    public void A_disk_that_fails_warns_once_and_misses()
    {
        var warnings = new List<string>();
        // /dev/full answers every write with "no space left on device".
        using var full = new CropFile(File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite), 2, Small.CropBytes);
        using var broken = new CropCache(full, warnings.Add);

        broken.Write(0, Crop(1));
        broken.Write(1, Crop(1));

        Assert.False(Read(broken, 0).Known);
        Assert.Contains("no longer cached", Assert.Single(warnings));
    }

    [Fact]
    public void Many_writers_and_readers_of_one_file_see_only_true_crops()
    {
        using var folder = new TemporaryFolder();
        using var one = Open(folder, Set(16));
        using var two = Open(folder, Set(16));

        Parallel.For(0, 4000, new() { MaxDegreeOfParallelism = 8 }, i =>
        {
            var index = i * 7 % 16;
            (i % 2 == 0 ? one : two).Write(index, Crop(index));
            var (known, crop, _) = Read(i % 3 == 0 ? one : two, (index + 3) % 16);
            if (known)
                Assert.Equal(Crop((index + 3) % 16), crop);
        });
    }

    // Crops may take half of a budget.
    private static CropCache Open(TemporaryFolder folder, ImageManifest set, long crops = 1 << 20) =>
        CropCache.Open(set, Small, new() { Disk = new DiskBudget(folder.Path, 2 * crops) });

    private static string[] Files(TemporaryFolder folder) => Directory.GetFiles(folder.Path, "*.crops");

    private static ImageManifest Set(int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new ImageEntry(i, $"{i}.jpg", 1, $"{i}"))]);

    private static byte[] Crop(int seed)
    {
        var crop = new byte[Small.CropBytes];
        new Random(seed).NextBytes(crop);
        return crop;
    }

    private static (bool Known, byte[] Crop, string? Reason) Read(CropCache cache, int index)
    {
        var crop = new byte[Small.CropBytes];
        var known = cache.TryRead(index, crop, out var reason);
        return (known, crop, reason);
    }
}
