using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// The files of an image set, including those in archives: <c>shards/000.tar/n01440764/x.jpg</c> is the member <c>n01440764/x.jpg</c> of
/// the archive <c>shards/000.tar</c>, and <c>train.parquet/000000007</c> the image in row 7. Thread-safe.
/// </summary>
public sealed class ImageFiles : IDisposable
{
    // Enough for threads that read ahead across the boundary of two archives, and a second reader elsewhere.
    private const int OpenArchives = 6;

    // How often, and at which interval, to retry for disk space while other readers are about to close an archive.
    private const int RoomAttempts = 50;
    private static readonly TimeSpan RoomPause = TimeSpan.FromMilliseconds(200);

    private readonly IImageFolder _folder;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Held> _archives = [];
    private long _clock;

    /// <summary>Creates access to the files of a folder or a bucket.</summary>
    public ImageFiles(IImageFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _folder = folder;
    }

    /// <summary>Creates access to the files of a local folder.</summary>
    public ImageFiles(string folder)
        : this(new LocalImageFolder(folder))
    {
    }

    /// <summary>The set's name in messages.</summary>
    public string Name => _folder.Name;

    /// <summary>Checks that the set exists.</summary>
    /// <exception cref="ImageSetException">It does not exist.</exception>
    public void Check() => _folder.Check();

    /// <summary>Returns whether a path stays inside the set: no root, no drive, no "..".</summary>
    public static bool IsSafe(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Length > 0 && !path.Any(char.IsControl) && path.Split('/').All(part => part is not ("" or "." or ".."));
    }

    /// <summary>Lists all images in ordinal order of their paths, including those in archives.</summary>
    /// <param name="only">Paths of images, archives and archive members; null for all.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <exception cref="ImageSetException">The set, or an archive of <paramref name="only"/>, is missing, damaged or cannot be
    /// listed.</exception>
    public FileListing List(IReadOnlyCollection<string>? only = null, CancellationToken cancellation = default)
    {
        var files = only is null ? _folder.List(cancellation) : Named(only);
        // An image that is named explicitly may have any extension; it counts if it can be decoded.
        var (paths, skipped) = (files.Paths.Where(path => !FileListing.IsArchive(path)).ToList(), files.Skipped.ToList());
        var labels = new Dictionary<string, string>();
        var archives = ArchivesOf(only is null ? [] : paths);
        foreach (var archive in files.Paths.Where(FileListing.IsArchive).Order(StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                using var held = Borrow(archive);
                if (held.Archive is not { } open)
                {
                    if (only is not null)
                        throw new ImageSetException($"image set {Name} has no {archive}");
                    continue;
                }
                // Both or neither: images without their classes would be another set.
                var (members, given) = (open.Pictures.ToList(), open.Labels());
                archives.Add(archive);
                paths.AddRange(members.Select(member => $"{archive}/{member}"));
                foreach (var (member, label) in given)
                    labels[$"{archive}/{member}"] = label;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                var reason = error is UnauthorizedAccessException ? "permission denied" : error.Message;
                // A user who names an archive does not want the set without it.
                if (only is not null)
                    throw new ImageSetException($"image set {Name}: {archive} cannot be used: {reason}");
                skipped.Add(new(archive, reason));
            }
        }
        paths.Sort(StringComparer.Ordinal);
        return new(paths, [.. skipped.OrderBy(folder => folder.Path, StringComparer.Ordinal)]) { Labels = labels, Archives = archives };
    }

    /// <summary>Opens a file for a function.</summary>
    /// <param name="path">Its path in the set.</param>
    /// <param name="use">The function.</param>
    /// <param name="cancellation">
    /// Stops waiting for a separate file of a server. An archive is fetched to the end, since other threads wait for it too.
    /// </param>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public T Use<T>(string path, Func<ImageFile, T> use, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(use);
        if (!IsSafe(path))
            throw new FileNotFoundException("its path leaves the image set");
        foreach (var (archive, member) in ImageArchives.Splits(path))
        {
            using var held = Borrow(archive);
            if (held.Archive is { } open)
                return use(open.Open(member));
        }
        using var file = _folder.Open(path, cancellation);
        return use(file);
    }

    /// <summary>Looks for a file without opening or fetching anything.</summary>
    /// <returns>Whether it, or the archive that contains it, exists; and its size in bytes, null for a member of an archive.</returns>
    /// <exception cref="IOException">It cannot be determined.</exception>
    public (bool IsThere, long? Bytes) Find(string path)
    {
        if (!IsSafe(path))
            return (false, null);
        if (ImageArchives.Splits(path).Any(split => _folder.Length(split.Archive) is not null))
            return (true, null);
        var bytes = _folder.Length(path);
        return (bytes is not null, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var held in _archives.Values)
                held.Close();
            _archives.Clear();
        }
        (_folder as IDisposable)?.Dispose();
    }

    private FileListing Named(IReadOnlyCollection<string> only)
    {
        Check();
        return only.FirstOrDefault(path => !IsSafe(path)) is { } outside
            ? throw new ImageSetException($"image set {Name} cannot have '{outside}': it is no path below it")
            : new([.. only.Distinct()], []);
    }

    /// <summary>
    /// Returns the archives that contain the named paths. An archive that cannot be read counts too: its images report the error when they
    /// are read.
    /// </summary>
    private HashSet<string> ArchivesOf(List<string> paths)
    {
        var known = new Dictionary<string, bool>();
        foreach (var path in paths)
        {
            foreach (var (archive, _) in ImageArchives.Splits(path))
            {
                if (!known.TryGetValue(archive, out var isArchive))
                    known[archive] = isArchive = IsThere(archive);
                if (isArchive)
                    break;
            }
        }
        return [.. known.Where(pair => pair.Value).Select(pair => pair.Key)];
    }

    private bool IsThere(string archive)
    {
        try
        {
            using var held = Borrow(archive);
            return held.Archive is not null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private Loan Borrow(string path)
    {
        Held held;
        lock (_lock)
        {
            if (!_archives.TryGetValue(path, out var known))
                _archives[path] = known = new Held(() => OpenArchive(path) is { } handle ? ImageArchives.Open(path, handle) : null);
            held = known;
            held.Enter(++_clock);
            Shrink();
        }
        try
        {
            // Outside the lock: fetching may take minutes while other archives are read. Threads that need the same archive wait together.
            return new Loan(held, held.Archive.Value);
        }
        catch
        {
            held.Leave();
            lock (_lock)
            {
                if (_archives.TryGetValue(path, out var failed) && failed == held)
                    _archives.Remove(path);
            }
            throw;
        }
    }

    // Archives that are open but currently unused need not stay on disk when another one needs the space.
    private SafeFileHandle? OpenArchive(string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return _folder.OpenArchive(path);
            }
            catch (DiskBudgetException) when (attempt < RoomAttempts)
            {
                lock (_lock)
                {
                    foreach (var (other, held) in _archives.Where(pair => pair.Key != path).ToList())
                    {
                        if (held.CloseIdle())
                            _archives.Remove(other);
                    }
                }
                if (attempt > 1)
                    Thread.Sleep(RoomPause);
            }
        }
    }

    private void Shrink()
    {
        foreach (var (path, held) in _archives.OrderBy(pair => pair.Value.LastUse).Take(Math.Max(0, _archives.Count - OpenArchives))
            .ToList())
        {
            _archives.Remove(path);
            held.Close();
        }
    }

    /// <summary>An open archive; disposed when it has been evicted and its last reader has left.</summary>
    private sealed class Held(Func<IImageArchive?> open)
    {
        private readonly Lock _lock = new();
        private int _readers;
        private bool _closed;

        public Lazy<IImageArchive?> Archive { get; } = new(open);

        public long LastUse { get; private set; }

        public void Enter(long now)
        {
            lock (_lock)
                (_readers, LastUse) = (_readers + 1, now);
        }

        public void Leave()
        {
            lock (_lock)
            {
                if (--_readers == 0 && _closed)
                    Release();
            }
        }

        /// <summary>Closes the archive if it is not in use.</summary>
        public bool CloseIdle()
        {
            lock (_lock)
            {
                if (_readers > 0)
                    return false;
                _closed = true;
                Release();
                return true;
            }
        }

        public void Close()
        {
            lock (_lock)
            {
                _closed = true;
                if (_readers == 0)
                    Release();
            }
        }

        private void Release()
        {
            if (Archive.IsValueCreated)
                Archive.Value?.Dispose();
        }
    }

    private readonly struct Loan(Held held, IImageArchive? archive) : IDisposable
    {
        public IImageArchive? Archive => archive;

        public void Dispose() => held.Leave();
    }
}
