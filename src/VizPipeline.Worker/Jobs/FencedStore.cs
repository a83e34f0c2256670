using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker.Jobs;

/// <summary>The atlas has changed while a job was under way, so that its results would replace newer ones.</summary>
public sealed class StaleJobException(string atlasId) : Exception(
    $"atlas '{atlasId}' has grown since this job began; its results are dropped");

/// <summary>
/// The object store of a worker's jobs. A worker whose disk hung for an hour may wake up when its job was done by another worker and the
/// atlas has grown since, which made the same objects again. Before a job writes after a while, it is checked that the atlas still is the
/// one for which the job began.
/// </summary>
/// <param name="inner">The object store.</param>
/// <param name="time">The clock.</param>
public sealed class FencedStore(IObjectStore inner, TimeProvider time) : IObjectStore
{
    // Nobody takes a job for lost within seconds.
    private static readonly TimeSpan LongestTrust = TimeSpan.FromSeconds(10);

    private readonly AsyncLocal<Fence?> _fence = new();

    /// <summary>Begins a job of an atlas on the caller's asynchronous flow, until the result is disposed.</summary>
    public IDisposable Begin(AtlasSpec spec) => _fence.Value = new Fence(this, spec, time.GetTimestamp());

    /// <inheritdoc/>
    /// <exception cref="StaleJobException">The job's atlas has changed.</exception>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
    {
        await CheckAsync(cancellation);
        await inner.PutAsync(key, content, cancellation);
    }

    /// <inheritdoc/>
    /// <exception cref="StaleJobException">The job's atlas has changed.</exception>
    public async Task PutFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        await CheckAsync(cancellation);
        await inner.PutFileAsync(key, file, cancellation);
    }

    /// <inheritdoc/>
    /// <exception cref="StaleJobException">The job's atlas has changed.</exception>
    public async Task DeleteAsync(string key, CancellationToken cancellation = default)
    {
        await CheckAsync(cancellation);
        await inner.DeleteAsync(key, cancellation);
    }

    /// <inheritdoc/>
    public Task<byte[]> GetAsync(string key, CancellationToken cancellation = default) => inner.GetAsync(key, cancellation);

    /// <inheritdoc/>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default) => inner.TryGetAsync(key, cancellation);

    /// <inheritdoc/>
    public Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default)
        => inner.GetRangeAsync(key, offset, length, cancellation);

    /// <inheritdoc/>
    public Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
        => inner.GetFileAsync(key, file, cancellation);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string key, CancellationToken cancellation = default) => inner.ExistsAsync(key, cancellation);

    /// <inheritdoc/>
    public Task<long> SizeAsync(string key, CancellationToken cancellation = default) => inner.SizeAsync(key, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellation = default)
        => inner.ListAsync(prefix, cancellation);

    private async Task CheckAsync(CancellationToken cancellation)
    {
        if (_fence.Value is not { } fence || time.GetElapsedTime(fence.Checked) < LongestTrust)
            return;
        var now = time.GetTimestamp();
        if (await inner.TryGetAsync(AtlasKeys.Spec(fence.Spec.Id), cancellation) is not { } stored
            || VizJson.Read<AtlasSpec>(stored).Hash() != fence.Spec.Hash())
            throw new StaleJobException(fence.Spec.Id);
        fence.Checked = now;
    }

    private sealed class Fence(FencedStore store, AtlasSpec spec, long begun) : IDisposable
    {
        public AtlasSpec Spec { get; } = spec;

        public long Checked { get; set; } = begun;

        public void Dispose() => store._fence.Value = null;
    }
}
