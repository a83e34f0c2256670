using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.ObjectStore;

/// <summary>An object store that passes everything on, for tests that change one of its methods.</summary>
internal class PassingStore(IObjectStore inner) : IObjectStore
{
    public virtual Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
        => inner.PutAsync(key, content, cancellation);

    public virtual Task PutFileAsync(string key, string file, CancellationToken cancellation = default)
        => inner.PutFileAsync(key, file, cancellation);

    public virtual Task<byte[]> GetAsync(string key, CancellationToken cancellation = default) => inner.GetAsync(key, cancellation);

    public virtual Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default) => inner.TryGetAsync(key, cancellation);

    public virtual Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default)
        => inner.GetRangeAsync(key, offset, length, cancellation);

    public virtual Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
        => inner.GetFileAsync(key, file, cancellation);

    public virtual Task<bool> ExistsAsync(string key, CancellationToken cancellation = default) => inner.ExistsAsync(key, cancellation);

    public virtual Task<long> SizeAsync(string key, CancellationToken cancellation = default) => inner.SizeAsync(key, cancellation);

    public virtual IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellation = default)
        => inner.ListAsync(prefix, cancellation);

    public virtual Task DeleteAsync(string key, CancellationToken cancellation = default) => inner.DeleteAsync(key, cancellation);
}
