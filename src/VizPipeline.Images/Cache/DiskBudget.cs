using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// One limit for everything that is cached on this machine's disk: decoded crops, archives and networks. Any number of processes may share
/// the folder and thus the limit. The least recently used files are deleted first; an open file is never deleted.
/// </summary>
/// <remarks>
/// File locks show whether a file is open: .NET takes one with every handle, and the system releases it when a process dies. A file that is
/// being fetched reserves its space by an empty sparse file of its size, <c>*.room</c>. Network file systems may grant such locks several
/// times; there, a file counts as open for an hour after its last use.
/// </remarks>
public sealed class DiskBudget
{
    /// <summary>Folder of the archives, below <see cref="Folder"/>.</summary>
    public const string Archives = "archives";

    /// <summary>Folder of the networks, below <see cref="Folder"/>.</summary>
    public const string Models = "models";

    internal const string CropExtension = ".crops";
    private const string RoomExtension = ".room";
    private const string UnfinishedExtension = ".unfinished";
    private const long MostByDefault = 16L << 30;

    // Crops only save time, but archives and networks are needed. So crops never take more than this fraction.
    private const int CropPart = 2;
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(30);

    // If locks are unreliable, a file that was used within this time counts as open.
    private static readonly TimeSpan LongestUse = TimeSpan.FromHours(1);
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> FetchTurns = new();
    private static readonly ConcurrentDictionary<string, bool> Locks = new();
    private static int _fetched;
    private readonly long? _bytes;

    /// <summary>Selects the folder; nothing is created yet.</summary>
    /// <param name="folder">The folder; null for $VIZ_CACHE, else $XDG_CACHE_HOME/vizpipeline, else ~/.cache/vizpipeline.</param>
    /// <param name="bytes">Maximum size of all files; null for 16 GiB, or a quarter of the disk's available space if that is less. A file
    /// that is needed may exceed the default.
    /// </param>
    public DiskBudget(string? folder = null, long? bytes = null) => (Folder, _bytes) = (Path.GetFullPath(folder ?? DefaultFolder()), bytes);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Opens a complete file and marks it as used; returns null if there is none of this size.</summary>
    /// <param name="file">Its path, inside <see cref="Folder"/>.</param>
    /// <param name="bytes">Its size; null for any size.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public SafeFileHandle? TryOpen(string file, long? bytes = null)
    {
        using var turn = Enter();
        try
        {
            var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (bytes is null || RandomAccess.GetLength(handle) == bytes)
            {
                Touch(file);
                return handle;
            }
            handle.Dispose();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            // Missing, or another user's: fetched again.
        }
        return null;
    }

    /// <summary>Returns a semaphore to hold while a file is fetched, so that a process's devices do not fetch it several times.</summary>
    /// <param name="file">Its current or future path.</param>
    public static SemaphoreSlim Fetching(string file) => FetchTurns.GetOrAdd(file, _ => new SemaphoreSlim(1));

    /// <summary>Makes room for a file before it is fetched.</summary>
    /// <param name="file">Its future path, inside <see cref="Folder"/>.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="DiskBudgetException">It does not fit in addition to the files in use.</exception>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public DiskRoom Reserve(string file, long bytes)
    {
        using var turn = Enter();
        var budget = Bytes();
        // Checked before anything is deleted. Without an explicit limit, a needed file takes precedence over the default.
        var inUse = _bytes is null ? 0 : Files().Where(other => IsInUse(other.Path)).Sum(other => other.Bytes);
        if (_bytes is not null && inUse + bytes > budget)
        {
            throw new DiskBudgetException(
                $"a file of {Size(bytes)} does not fit into {Folder}: it may hold {Size(budget)} (Worker:DiskBytes), "
                + $"and {Size(inUse)} of them are in use; "
                + "allow more, or use smaller archives");
        }
        MakeRoom(bytes, budget, mostCrops: long.MaxValue, except: null);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // Containers share volumes, and each begins with process 1.
        var process = $"{Environment.MachineName}-{Environment.ProcessId}-{Interlocked.Increment(ref _fetched)}";
        var unfinished = $"{file}.{process}{UnfinishedExtension}";
        // The lock of this handle shows that the fetching process is alive.
        var room = new FileStream(unfinished + RoomExtension, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        try
        {
            room.SetLength(bytes);
            return new DiskRoom(file, unfinished, room);
        }
        catch
        {
            room.Dispose();
            File.Delete(room.Name);
            throw;
        }
    }

    /// <summary>Makes room for a file of crops and opens it.</summary>
    /// <param name="path">Its current or future path.</param>
    /// <param name="header">Size of an empty file in bytes.</param>
    /// <param name="slot">Size of a slot in bytes.</param>
    /// <param name="slots">Number of slots wanted.</param>
    /// <param name="present">Returns the number of slots of the existing file; null if it must be created.</param>
    /// <param name="open">Opens, or creates, the file with that many slots.</param>
    /// <returns>The result of <paramref name="open"/>, or null if not even one slot fits.</returns>
    internal T? OpenCrops<T>(string path, long header, long slot, int slots, Func<int?> present, Func<int, T> open)
        where T : class
    {
        using var turn = Enter();
        var (budget, crops) = (Bytes(), CropBytes());
        // A file from a time with a larger budget is recreated unless it is open. A changed default alone is no reason to do so.
        if (present() is { } there && (_bytes is null || header + (there * slot) <= crops || !TryDelete(path)))
            return open(there);
        var files = Files().Where(file => file.Path != path).ToList();
        var inUse = files.Where(file => IsInUse(file.Path)).ToList();
        var room = Math.Min(budget - inUse.Sum(file => file.Bytes), crops - inUse.Where(file => file.IsCrops).Sum(file => file.Bytes));
        var fitting = (int)Math.Min(slots, Math.Max(0, room - header) / slot);
        if (fitting == 0)
            return null;
        MakeRoom(header + (fitting * slot), budget, crops, path);
        return open(fitting);
    }

    /// <summary>Returns the maximum size of all files in bytes.</summary>
    public long Bytes()
        => _bytes ?? Math.Min(MostByDefault, (new DriveInfo(Folder).AvailableFreeSpace + Files().Sum(file => file.Bytes)) / 4);

    /// <summary>Returns the maximum size of all crops in bytes.</summary>
    internal long CropBytes() => Bytes() / CropPart;

    // Deletes files that are not open, least recently used first, until there is room for this many more bytes.
    private void MakeRoom(long bytes, long budget, long mostCrops, string? except)
    {
        var files = Files().Where(file => file.Path != except).OrderBy(file => file.LastUse).ToList();
        var (all, crops) = (files.Sum(file => file.Bytes), files.Where(file => file.IsCrops).Sum(file => file.Bytes));
        foreach (var file in files)
        {
            var isTooMuch = all + bytes > budget || (file.IsCrops && mostCrops < long.MaxValue && crops + bytes > mostCrops);
            if (!isTooMuch || !TryDelete(file.Path))
                continue;
            all -= file.Bytes;
            crops -= file.IsCrops ? file.Bytes : 0;
        }
    }

    // A file that is being fetched counts with its reserved size; one left behind by a killed process counts with its actual size.
    private IEnumerable<(string Path, long Bytes, DateTime LastUse, bool IsCrops)> Files()
    {
        var root = new DirectoryInfo(Folder);
        if (!root.Exists)
            yield break;
        foreach (var file in root.EnumerateFiles("*" + CropExtension))
            yield return (file.FullName, file.Length, file.LastWriteTimeUtc, true);
        var folders = new[] { Archives, Models }.Select(name => new DirectoryInfo(Path.Combine(Folder, name)));
        foreach (var below in folders.Where(below => below.Exists))
        {
            // A file that was completed or abandoned in the meantime no longer has this name.
            var files = below.GetFiles().Where(file => file.Exists).ToList();
            var rooms = files.Where(file => file.Extension == RoomExtension && IsInUse(file.FullName))
                .Select(file => file.FullName[..^RoomExtension.Length]).ToHashSet();
            foreach (var file in files.Where(file => !rooms.Contains(file.FullName)))
                yield return (file.FullName, file.Length, file.LastWriteTimeUtc, false);
        }
    }

    // Taken only while this process has the lock on the folder, so no other process sees the file locked.
    private bool IsInUse(string file)
    {
        if (!Locks.GetValueOrDefault(Folder, true))
            return TimeProvider.System.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(file) < LongestUse;
        try
        {
            using var alone = OpenAlone(file, FileMode.Open);
            return false;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Open elsewhere, or not accessible.
            return true;
        }
    }

    private bool TryDelete(string file)
    {
        if (IsInUse(file))
            return false;
        try
        {
            File.Delete(file);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Only one thread of one process inspects and changes the folder at a time.
    private SafeFileHandle Enter()
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, ".lock");
        for (var limit = Environment.TickCount64 + (long)LongestTurn.TotalMilliseconds; ; Thread.Sleep(5))
        {
            try
            {
                var turn = OpenAlone(path, FileMode.OpenOrCreate);
                Locks.GetOrAdd(Folder, _ => DoLocksHold(path));
                return turn;
            }
            catch (IOException failure) when (IsHeldByOther(failure) && Environment.TickCount64 < limit)
            {
                // Another process has the lock.
            }
        }
    }

    // NFS grants such a lock twice to one process, and some cluster file systems grant none.
    private static bool DoLocksHold(string locked)
    {
        try
        {
            OpenAlone(locked, FileMode.Open).Dispose();
            return false;
        }
        catch (IOException failure) when (IsHeldByOther(failure))
        {
            return true;
        }
    }

    // Opened for writing if possible, as NFS locks require; another user's file is locked by a reader as well.
    private static SafeFileHandle OpenAlone(string file, FileMode mode)
    {
        try
        {
            return File.OpenHandle(file, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException) when (File.Exists(file))
        {
            return File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.None);
        }
    }

    // EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldByOther(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static void Touch(string file)
    {
        try
        {
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's file: it can be read, and its owner deletes it when room is needed.
        }
    }

    private static string Size(long bytes) => bytes >= 1 << 30
        ? FormattableString.Invariant($"{bytes / (double)(1 << 30):0.0} GiB")
        : FormattableString.Invariant($"{bytes / (double)(1 << 20):0.0} MiB");

    private static string DefaultFolder()
    {
        if (Environment.GetEnvironmentVariable("VIZ_CACHE") is { Length: > 0 } named)
            return named;
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(home, "vizpipeline");
    }
}

/// <summary>Space for one file while it is fetched. Always dispose it.</summary>
public sealed class DiskRoom : IDisposable
{
    private readonly string _file;
    private readonly FileStream _room;

    internal DiskRoom(string file, string unfinished, FileStream room) => (_file, Unfinished, _room) = (file, unfinished, room);

    /// <summary>Path to write the file to.</summary>
    public string Unfinished { get; }

    /// <summary>
    /// Moves the written file to its place and opens it. It becomes visible only when complete, even with concurrent fetches.
    /// </summary>
    public SafeFileHandle Keep()
    {
        // Opened before it becomes visible, so that no other process deletes it to make room.
        var handle = File.OpenHandle(Unfinished, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        File.Move(Unfinished, _file, overwrite: true);
        return handle;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(Unfinished);
        File.Delete(_room.Name);
        _room.Dispose();
    }
}

/// <summary>A file does not fit in addition to the files in use. It may fit later, when some are no longer in use.</summary>
public sealed class DiskBudgetException(string message) : Exception(message);
