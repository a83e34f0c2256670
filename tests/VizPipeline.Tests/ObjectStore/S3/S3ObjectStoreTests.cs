using System.Collections.Concurrent;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.ObjectStore;

public sealed class S3ObjectStoreTests : ObjectStoreTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    protected override async Task<IObjectStore> OpenAsync()
    {
        var store = new S3ObjectStore(await TestS3.NewBucketAsync());
        await store.EnsureBucketAsync(TimeSpan.Zero);
        return store;
    }

    [Fact]
    public async Task A_bucket_that_is_missing_is_made_by_whoever_is_first()
    {
        var options = await TestS3.NewBucketAsync();
        var stores = Enumerable.Range(0, 8).Select(_ => new S3ObjectStore(options)).ToList();

        await Task.WhenAll(stores.Select(store => store.EnsureBucketAsync(TimeSpan.Zero, _cancellation)));
        await stores[0].PutAsync("a", "x"u8.ToArray(), _cancellation);
        await stores[1].EnsureBucketAsync(TimeSpan.Zero, _cancellation);

        Assert.True(await stores[2].ExistsAsync("a", _cancellation));
        stores.ForEach(store => store.Dispose());
    }

    [Fact]
    public async Task More_keys_than_fit_a_page_are_listed_in_order()
    {
        var keys = new ConcurrentBag<string>();
        await Parallel.ForAsync(
            0, 1100, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = _cancellation }, async (i, stop) =>
        {
            var key = i < 50 ? $"models/{i:D4}.onnx" : $"atlases/demo/pictures/conv1/top9/{i:D5}.png";
            keys.Add(key);
            await Store.PutAsync(key, "x"u8.ToArray(), stop);
        });

        Assert.Equal(keys.Order(StringComparer.Ordinal), await Keys(""));
        Assert.Equal(1050, (await Keys("atlases/demo/pictures/conv1/")).Count);
        Assert.Equal(100, (await Keys("atlases/demo/pictures/conv1/top9/010")).Count);
    }
}
