using System.Collections.Concurrent;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.Atlas.Web.Data;

/// <summary>Tests that indices are built once, grow with their atlas, and are evicted when others need the memory.</summary>
public sealed class SimilarNeuronsCacheTests : IDisposable
{
    private static readonly (int, string)[] Layers = [(0, "conv1"), (1, "fire/2")];
    private readonly TemporaryFolder _folder = new();
    private readonly CountingStore _store;
    private readonly ManualClock _clock = new();
    private readonly SimilarNeuronsCache _cache;

    public SimilarNeuronsCacheTests()
    {
        _store = new CountingStore(new FolderObjectStore(_folder.Path));
        // Two vectors over three images per layer, padded to the register width, take 64 to 128 bytes.
        _cache = new SimilarNeuronsCache(_store, _clock) { Bound = 512 };
    }

    public void Dispose()
    {
        _cache.Dispose();
        _folder.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_atlas_is_read_once()
    {
        await PutAsync("demo", 0);
        await PutAsync("demo", 1);
        var index = await _cache.GetAsync("demo", Layers, null, Cancellation);
        Assert.Equal([0, 1], index.Layers);
        _clock.Seconds += 1_000;
        Assert.Same(index, await _cache.GetAsync("demo", Layers, null, Cancellation));
        Assert.Equal(2, _store.Reads.Count);
    }

    [Fact]
    public async Task A_growing_atlas_is_looked_at_again_after_a_while_and_only_for_what_is_new()
    {
        await PutAsync("demo", 0);
        var index = await _cache.GetAsync("demo", Layers, null, Cancellation);
        Assert.Equal([0], index.Layers);
        await PutAsync("demo", 1);
        _clock.Seconds += 29;
        Assert.Same(index, await _cache.GetAsync("demo", Layers, null, Cancellation));
        _clock.Seconds += 1;
        Assert.Equal([0, 1], (await _cache.GetAsync("demo", Layers, null, Cancellation)).Layers);
        Assert.Equal(1, _store.Reads.Count(key => key == AtlasKeys.LayerProfiles("demo", "conv1")));
    }

    [Fact]
    public async Task The_profiles_of_an_atlas_that_ended_once_more_are_read_again()
    {
        await PutAsync("demo", 0);
        await PutAsync("demo", 1);
        var index = await _cache.GetAsync("demo", Layers, DateTime.UnixEpoch, Cancellation);
        Assert.Same(index, await _cache.GetAsync("demo", Layers, DateTime.UnixEpoch, Cancellation));
        Assert.NotSame(index, await _cache.GetAsync("demo", Layers, DateTime.UnixEpoch.AddDays(1), Cancellation));
        Assert.Equal(2, _store.Reads.Count(key => key == AtlasKeys.LayerProfiles("demo", "conv1")));
    }

    [Fact]
    public async Task Who_asks_at_the_same_time_gets_the_same_index()
    {
        await PutAsync("demo", 0);
        await PutAsync("demo", 1);
        var hold = new TaskCompletionSource();
        _store.Hold = hold.Task;
        using var leaving = new CancellationTokenSource();
        var first = _cache.GetAsync("demo", Layers, null, leaving.Token);
        var others = Enumerable.Range(0, 20).Select(_ => _cache.GetAsync("demo", Layers, null, Cancellation)).ToList();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        hold.SetResult();
        Assert.Single((await Task.WhenAll(others)).Distinct());
        Assert.Equal(2, _store.Reads.Count);
    }

    [Fact]
    public async Task The_one_that_was_used_longest_ago_goes_first()
    {
        string[] atlases = ["aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg", "hhh", "iii"];
        var bytes = 0L;
        foreach (var atlas in atlases)
        {
            await PutAsync(atlas, 0);
            await PutAsync(atlas, 1);
            bytes += (await _cache.GetAsync(atlas, Layers, null, Cancellation)).Bytes;
            await _cache.GetAsync("aaa", Layers, null, Cancellation);
        }
        Assert.True(bytes > 2 * _cache.Bound);
        var before = _store.Reads.Count;
        await _cache.GetAsync("iii", Layers, null, Cancellation);
        await _cache.GetAsync("aaa", Layers, null, Cancellation);
        Assert.Equal(before, _store.Reads.Count);
        await _cache.GetAsync("bbb", Layers, null, Cancellation);
        Assert.Equal(before + 2, _store.Reads.Count);
    }

    [Fact]
    public async Task Damage_is_told_and_not_kept()
    {
        await PutAsync("demo", 1);
        await _store.PutAsync(AtlasKeys.LayerProfiles("demo", "conv1"), new byte[20], Cancellation);
        Assert.Contains(
            "conv1/profiles.bin",
            (await Assert.ThrowsAsync<CorruptTableException>(() => _cache.GetAsync("demo", Layers, null, Cancellation))).Message);
        await PutAsync("demo", 0);
        Assert.Equal([0, 1], (await _cache.GetAsync("demo", Layers, null, Cancellation)).Layers);
    }

    private Task PutAsync(string atlas, int layer)
        => _store.PutAsync(
            AtlasKeys.LayerProfiles(atlas, Layers[layer].Item2), new ActivationProfiles(2, [0, 1, 2], [1, 2, 3, 5, 1, 4]).Write(),
            Cancellation);

    private sealed class CountingStore(FolderObjectStore inner) : PassingStore(inner)
    {
        public ConcurrentQueue<string> Reads { get; } = new();

        public Task Hold { get; set; } = Task.CompletedTask;

        public override async Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
        {
            Reads.Enqueue(key);
            await Hold.WaitAsync(cancellation);
            return await base.TryGetAsync(key, cancellation);
        }
    }
}
