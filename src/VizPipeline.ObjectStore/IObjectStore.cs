namespace VizPipeline.ObjectStore;

/// <summary>
/// Stores whole objects under keys such as <c>atlases/demo/sheets/conv1.png</c>: a folder on one machine, a bucket on a cluster.
/// </summary>
/// <remarks>
/// An object appears atomically: complete or not at all. Writing to an existing key replaces the object. Failures to read or write throw
/// <see cref="ObjectStoreException"/>; keys that <see cref="ObjectKey"/> refuses throw <see cref="ArgumentException"/>.
/// </remarks>
public interface IObjectStore
{
    /// <summary>Stores an object.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default);

    /// <summary>Stores the content of a file, which need not fit into memory.</summary>
    Task PutFileAsync(string key, string file, CancellationToken cancellation = default);

    /// <summary>Gets the content of an object.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task<byte[]> GetAsync(string key, CancellationToken cancellation = default);

    /// <summary>Gets the content of an object; null if it does not exist.</summary>
    Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default);

    /// <summary>Gets part of an object.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Number of bytes, at least 1.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    /// <exception cref="ObjectStoreException">The object ends before the part does.</exception>
    Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default);

    /// <summary>
    /// Writes the content of an object, which need not fit into memory, to a file. After a failure the file may be incomplete.
    /// </summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task GetFileAsync(string key, string file, CancellationToken cancellation = default);

    /// <summary>Returns whether an object exists.</summary>
    Task<bool> ExistsAsync(string key, CancellationToken cancellation = default);

    /// <summary>Gets the size of an object in bytes.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task<long> SizeAsync(string key, CancellationToken cancellation = default);

    /// <summary>Lists the keys with a prefix in ordinal order. The prefix need not end with a slash.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellation = default);

    /// <summary>Deletes an object. Does nothing if it does not exist.</summary>
    Task DeleteAsync(string key, CancellationToken cancellation = default);
}
