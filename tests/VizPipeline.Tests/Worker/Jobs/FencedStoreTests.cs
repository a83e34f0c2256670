using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Hosting;
using VizPipeline.Tests.Jobs;
using VizPipeline.Tests.ObjectStore;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker.Jobs;

/// <summary>A worker that was away while its atlas grew must not replace newer results.</summary>
public sealed class FencedStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new();
    private readonly FolderObjectStore _inner;
    private readonly FencedStore _store;
    private readonly AtlasSpec _spec = SpecSamples.Small();

    public FencedStoreTests()
    {
        _inner = new(_folder.Path);
        _store = new(_inner, _clock);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_job_of_an_earlier_atlas_writes_is_dropped()
    {
        await _inner.PutAsync(AtlasKeys.Spec("sample"), VizJson.Write(_spec), Cancellation);
        using (_store.Begin(_spec))
        {
            await _store.PutAsync("atlases/sample/tables/a.json", new byte[] { 1 }, Cancellation);
            // Nothing has changed, however long the job takes.
            _clock.Advance(TimeSpan.FromHours(1));
            await _store.PutAsync("atlases/sample/tables/a.json", new byte[] { 2 }, Cancellation);

            await _inner.PutAsync(AtlasKeys.Spec("sample"), VizJson.Write(_spec with { Methods = AtlasMethods.Filters }), Cancellation);
            await _inner.PutAsync("atlases/sample/tables/a.json", new byte[] { 3 }, Cancellation);
            _clock.Advance(TimeSpan.FromHours(1));
            // From whatever thread of the job.
            await Assert.ThrowsAsync<StaleJobException>(() => Task.Run(
                () => _store.PutAsync("atlases/sample/tables/a.json", new byte[] { 4 }, Cancellation), Cancellation));
            await Assert.ThrowsAsync<StaleJobException>(() => _store.DeleteAsync("atlases/sample/tables/a.json", Cancellation));
            await Assert.ThrowsAsync<StaleJobException>(
                () => _store.PutFileAsync("atlases/sample/tables/a.json", _folder.File("none"), Cancellation));
        }
        Assert.Equal([3], await _inner.GetAsync("atlases/sample/tables/a.json", Cancellation));
        // Outside of a job, such as by the live tool, everything may be written.
        await _store.PutAsync("atlases/sample/tables/a.json", new byte[] { 5 }, Cancellation);
    }

    [Fact]
    public async Task A_job_whose_atlas_has_changed_is_given_back_and_done_again()
    {
        using var small = new SmallAtlas();
        SlowStore? slow = null;
        await using var service = new TestService(_folder.File("service"), change: services =>
        {
            var inner = services.Last(entry => entry.ServiceType == typeof(IObjectStore));
            services.AddSingleton<IObjectStore>(slow = new SlowStore((IObjectStore)inner.ImplementationInstance!));
        });
        var (spec, images) = small.Plan();
        await service.StartAsync(spec, images);
        await service.FinishAsync(spec.Id);

        Assert.True(slow!.HasChanged);
        Assert.Contains(service.Log.Lines, line => line.Message.EndsWith("was given back: Stopping", StringComparison.Ordinal));
        await using var catalog = service.Database.Open();
        Assert.Equal(0, await catalog.Jobs.SumAsync(job => job.Failures, Cancellation));
    }

    /// <summary>
    /// Hangs when a job reads its first tally, for longer than a job is trusted on the service's fast clock; then the atlas has grown.
    /// </summary>
    private sealed class SlowStore(IObjectStore inner) : PassingStore(inner)
    {
        private int _waits;

        public bool HasChanged { get; private set; }

        public override async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        {
            if (key.Contains("/scan/", StringComparison.Ordinal) && Interlocked.Increment(ref _waits) == 1)
                await Task.Delay(TimeSpan.FromSeconds(1.5), cancellation);
            return await base.GetAsync(key, cancellation);
        }

        public override async Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
        {
            var stored = await base.TryGetAsync(key, cancellation);
            if (HasChanged || _waits == 0 || key != AtlasKeys.Spec("small"))
                return stored;
            HasChanged = true;
            return VizJson.Write(VizJson.Read<AtlasSpec>(stored!) with { Methods = AtlasMethods.Filters });
        }
    }
}
