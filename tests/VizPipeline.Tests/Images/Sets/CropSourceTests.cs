using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class CropSourceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly Preprocessing Small = Preprocessing.Unit(8, 8);

    [Fact]
    public void A_crop_is_the_decoded_and_preprocessed_file()
    {
        using var set = new RandomPictures(1);

        var result = set.Source().Get(0);

        Assert.Null(result.Unreadable);
        Assert.Equal(Small.Crop(set.Pictures[0]), result.Crop);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 5)]
    [InlineData(100, 3)]
    public async Task Batches_keep_the_order_whatever_their_size_and_the_readers(int batchSize, int readers)
    {
        using var set = new RandomPictures(23);
        int[] indices = [.. Enumerable.Range(0, 23).Reverse(), 5, 5];
        var read = new List<int>();

        await foreach (var batch in set.Source().ReadBatches(indices, batchSize, readers, Token))
        {
            using var _ = batch;
            Assert.InRange(batch.Indices.Count, 1, batchSize);
            Assert.Equal(batch.Indices.Count * Small.CropBytes, batch.Pixels.Length);
            for (var i = 0; i < batch.Indices.Count; i++)
                Assert.Equal(Small.Crop(set.Pictures[batch.Indices[i]]), batch.Crop(i).ToArray());
            read.AddRange(batch.Indices);
        }

        Assert.Equal(indices, read);
    }

    [Fact]
    public async Task Unreadable_pictures_are_skipped_with_their_reason_and_the_others_close_ranks()
    {
        using var set = new RandomPictures(6);
        set.Folder.Write(RandomPictures.Name(1), "this is no picture");
        set.Folder.Write(RandomPictures.Name(4), "");
        var source = set.Source(relist: true);

        var batches = await Collect(source.ReadBatches([0, 1, 2, 3, 4, 5], 3, 2, Token));

        Assert.Equal([[0, 2], [3, 5]], batches.Select(batch => batch.Indices));
        Assert.Equal(Small.Crop(set.Pictures[2]), batches[0].Crop(1).ToArray());
        Assert.Equal(
            [new(1, "it is not a JPEG, PNG, WebP, BMP or GIF file"), new SkippedImage(4, "the file is empty")],
            batches.SelectMany(batch => batch.Skipped));
    }

    [Fact]
    public async Task A_batch_of_unreadable_pictures_is_empty_but_comes()
    {
        using var set = new RandomPictures(1);
        set.Folder.Write(RandomPictures.Name(0), "x");

        var batch = Assert.Single(await Collect(set.Source(relist: true).ReadBatches([0], 1, 1, Token)));

        Assert.Empty(batch.Indices);
        Assert.True(batch.Pixels.IsEmpty);
    }

    [Fact]
    public void Files_that_changed_or_went_are_unreadable_for_now_and_not_remembered()
    {
        using var set = new RandomPictures(2);
        using var cacheFolder = new TemporaryFolder();
        using var cache = CropCache.Open(set.Manifest, Small, new() { Disk = new DiskBudget(cacheFolder.Path) });
        var source = set.Source(cache);
        var original = File.ReadAllBytes(Path.Combine(set.Folder.Path, RandomPictures.Name(0)));
        set.Folder.Write(RandomPictures.Name(0), [.. original, 0]);
        File.Delete(Path.Combine(set.Folder.Path, RandomPictures.Name(1)));

        Assert.Equal("the file has changed since the image set was listed", source.Get(0).Unreadable);
        Assert.StartsWith("the file cannot be read", source.Get(1).Unreadable);

        set.Folder.Write(RandomPictures.Name(0), original);
        Assert.NotNull(source.Get(0).Crop);
    }

    [Fact]
    public async Task Cached_crops_need_no_files()
    {
        using var set = new RandomPictures(5);
        set.Folder.Write(RandomPictures.Name(3), "no picture");
        var manifest = set.Relist();
        using var cacheFolder = new TemporaryFolder();
        using var cache = CropCache.Open(manifest, Small, new() { Disk = new DiskBudget(cacheFolder.Path) });
        var source = new CropSource(manifest, set.Folder.Path, Small, cache);
        var first = await Collect(source.ReadBatches([0, 1, 2, 3, 4], 5, 2, Token));
        foreach (var file in Directory.GetFiles(set.Folder.Path))
            File.Delete(file);

        var second = await Collect(source.ReadBatches([0, 1, 2, 3, 4], 5, 2, Token));

        Assert.Equal(first[0].Pixels.ToArray(), second[0].Pixels.ToArray());
        Assert.Equal(first[0].Skipped, second[0].Skipped);
    }

    [Fact]
    public async Task No_more_than_four_batches_are_read_for_a_consumer_that_leaves_at_the_first()
    {
        using var set = new RandomPictures(20);
        using var folder = new TemporaryFolder();
        using var cache = CropCache.Open(set.Manifest, Small, new() { Disk = new DiskBudget(folder.Path) });

        await foreach (var batch in set.Source(cache).ReadBatches([.. Enumerable.Range(0, 20)], 2, 2, Token))
        {
            batch.Dispose();
            break;
        }

        // What was read is cached. Leaving waits for the readers, so nothing is added to it any more.
        var known = Enumerable.Range(0, 20).Where(index => cache.TryRead(index, new byte[Small.CropBytes], out _)).ToList();
        Assert.InRange(known.Count, 2, 8);
        Assert.All(known, index => Assert.InRange(index, 0, 7));
    }

    [Fact]
    public async Task Cancelling_ends_the_reading_with_the_usual_exception()
    {
        using var set = new RandomPictures(20);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in set.Source().ReadBatches([.. Enumerable.Range(0, 20)], 2, 2, cancel.Token))
                await cancel.CancelAsync();
        });
    }

    [Fact]
    public void Wrong_indices_and_sizes_are_told_before_reading()
    {
        using var set = new RandomPictures(1);

        Assert.Throws<ArgumentOutOfRangeException>(() => set.Source().Get(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Source().ReadBatches([0, -1], 1, 1, Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Source().ReadBatches([0], 0, 1, Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Source().ReadBatches([0], 1, 0, Token));
    }

    private static async Task<List<CropBatch>> Collect(IAsyncEnumerable<CropBatch> batches)
    {
        var all = new List<CropBatch>();
        await foreach (var batch in batches)
            all.Add(batch);
        return all;
    }
}
