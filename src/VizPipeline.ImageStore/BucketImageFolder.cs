using Microsoft.Win32.SafeHandles;
using Minio.DataModel;
using VizPipeline.Images;
using VizPipeline.ObjectStore;

namespace VizPipeline.ImageStore;

/// <summary>
/// An image set below a prefix of a bucket: image objects, and archives of images, which are fetched whole into a folder of limited size.
/// Its calls block on the server, so make them on dedicated threads.
/// </summary>
public sealed class BucketImageFolder : IImageFolder, IDisposable
{
    private readonly S3Connection _connection;
    private readonly string _prefix;
    private readonly ArchiveCache? _archives;

    /// <summary>Initializes the folder without contacting the server.</summary>
    /// <param name="options">Server and bucket.</param>
    /// <param name="prefix">
    /// Common prefix of the keys, empty for the whole bucket: a folder's name with or without a trailing slash.
    /// </param>
    /// <param name="archives">The cache for archives; null if there is none.</param>
    public BucketImageFolder(S3Options options, string prefix, ArchiveCache? archives)
    {
        (_connection, _archives) = (new S3Connection(options), archives);
        _prefix = prefix is "" || prefix.EndsWith('/') ? prefix : prefix + "/";
        Name = $"{BucketAddress.Scheme}{options.Bucket}/{_prefix}";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <remarks>An unreachable or refusing server is reported with the first image.</remarks>
    public void Check()
    {
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectStoreException">The server does not answer, or refuses.</exception>
    public FileListing List(CancellationToken cancellation)
    {
        var (paths, skipped) = (new List<string>(), new List<SkippedFolder>());
        foreach (var item in Wait(_connection.ListAsync(_prefix, cancellation)))
        {
            var path = item.Key[Math.Min(_prefix.Length, item.Key.Length)..];
            if (!FileListing.IsPicture(path) && !FileListing.IsArchive(path))
                continue;
            if (ImageFiles.IsSafe(path))
                paths.Add(path);
            else
                skipped.Add(new(path, "its name cannot be part of an address"));
        }
        return new(paths, skipped);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectStoreException">The server does not answer, or refuses.</exception>
    public ImageFile Open(string path, CancellationToken cancellation) =>
        new(Wait(_connection.TryGetAsync(_prefix + path, cancellation)) ?? throw new FileNotFoundException($"{Name} has no such object"));

    /// <inheritdoc/>
    /// <exception cref="ObjectStoreException">The server does not answer, or refuses.</exception>
    public long? Length(string path) => Stat(_prefix + path)?.Size;

    /// <inheritdoc/>
    /// <exception cref="ObjectStoreException">The server does not answer, or refuses, or the folder has no room.</exception>
    public SafeFileHandle? OpenArchive(string path)
    {
        var key = _prefix + path;
        var stat = Stat(key);
        // A prefix may be named like an archive, too.
        if (stat is null)
            return null;
        var cache = _archives ?? throw new ObjectStoreException(
            $"{Name} holds archives, which need a folder to be kept in", isTransient: false);
        return cache.Open(
            $"{Name}{path}\n{stat.ETag}\n{stat.Size}", stat.Size, file => Wait(_connection.TryGetFileAsync(key, file, default)));
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private ObjectStat? Stat(string key)
        => Wait(_connection.Calls.RunAsync<ObjectStat>(key, async () => await _connection.StatAsync(key, default), default));

    // Images are read on dedicated threads, which may block.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
