using System.Runtime.CompilerServices;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Benchmarks;

/// <summary>
/// A store that takes everything, and has the result of every scan: the benchmark measures broker, coordinator and database.
/// </summary>
internal sealed class SimulatedStore : IObjectStore
{
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default) => Task.CompletedTask;

    public Task PutFileAsync(string key, string file, CancellationToken cancellation = default) => Task.CompletedTask;

    public async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        => await TryGetAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, "the simulation");

    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
        => Task.FromResult(int.TryParse(Path.GetFileNameWithoutExtension(key), out var shard) ? VizJson.Write(
            new ScanTable(shard, shard, shard + 1, 1, [])) : null);

    public Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default)
        => throw new ObjectNotFoundException(key, "the simulation");

    public Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
        => throw new ObjectNotFoundException(key, "the simulation");

    public Task<bool> ExistsAsync(string key, CancellationToken cancellation = default) => Task.FromResult(false);

    public Task<long> SizeAsync(string key, CancellationToken cancellation = default)
        => throw new ObjectNotFoundException(key, "the simulation");

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task DeleteAsync(string key, CancellationToken cancellation = default) => Task.CompletedTask;
}
