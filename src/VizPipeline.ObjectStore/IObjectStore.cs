namespace VizPipeline.ObjectStore;

/// <summary>Whole objects under keys such as <c>atlases/demo/sheets/conv1.png</c>: a folder here, a bucket on a cluster.</summary>
/// <remarks>
/// An object appears at once and complete, or not at all. Writing a key again replaces it. Failures to read or write are
/// <see cref="ObjectStoreException"/>; keys that <see cref="ObjectKey"/> refuses are <see cref="ArgumentException"/>.
/// </remarks>
public interface IObjectStore
{
    /// <summary>Stores an object.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default);

    /// <summary>Stores what a file holds, which need not fit into memory.</summary>
    Task PutFileAsync(string key, string file, CancellationToken cancellation = default);

    /// <summary>An object's content.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task<byte[]> GetAsync(string key, CancellationToken cancellation = default);

    /// <summary>An object's content, or null when there is no such object.</summary>
    Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default);

    /// <summary>Writes an object's content, which need not fit into memory, to a file. What a failure leaves of the file is not the object.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task GetFileAsync(string key, string file, CancellationToken cancellation = default);

    /// <summary>Whether there is such an object.</summary>
    Task<bool> ExistsAsync(string key, CancellationToken cancellation = default);

    /// <summary>An object's size in bytes.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task<long> SizeAsync(string key, CancellationToken cancellation = default);

    /// <summary>The keys that begin with a prefix, in ordinal order. The prefix need not end at a slash.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellation = default);

    /// <summary>Removes an object. Nothing happens when there is none.</summary>
    Task DeleteAsync(string key, CancellationToken cancellation = default);
}
