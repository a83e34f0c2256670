using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// One bound for all that is kept on this machine's disk: decoded crops, archives and networks. Any number of processes may share the
/// folder, and with it the bound. Files that were used longest ago go first; one that somebody has open never goes.
/// </summary>
/// <remarks>
/// "Open" is told by the file locks that .NET takes with every handle and that the system gives back when a process dies. What is still
/// being fetched holds its room by an empty sparse file of its size, <c>*.room</c>. Network file systems hand such locks out several times;
/// there a file counts as open for an hour after its last use.
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

    // Crops only save work; archives and networks are needed. So crops never take more than this part.
    private const int CropPart = 2;
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(30);

    // Where locks say nothing, a file that was used within this time is taken for one that somebody reads.
    private static readonly TimeSpan LongestUse = TimeSpan.FromHours(1);
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> fetching = new();
    private static readonly ConcurrentDictionary<string, bool> locks = new();
    private static int fetched;
    private readonly long? _bytes;

    /// <summary>Names the folder; nothing is made yet.</summary>
    /// <param name="folder">The folder; null for $VIZ_CACHE, else $XDG_CACHE_HOME/vizpipeline, else ~/.cache/vizpipeline.</param>
    /// <param name="bytes">
    /// Most bytes of all files; null for 16 GiB, or a quarter of what the disk can give where that is less, and a file that is needed may
    /// exceed it.
    /// </param>
    public DiskBudget(string? folder = null, long? bytes = null) => (Folder, _bytes) = (Path.GetFullPath(folder ?? DefaultFolder()), bytes);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>A file that is there whole, opened and marked as just used; null where there is none of this size.</summary>
    /// <param name="file">Its path, below <see cref="Folder"/>.</param>
    /// <param name="bytes">Its size; null for any.</param>
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
            // Not there, or another user's: fetched anew.
        }
        return null;
    }

    /// <summary>Held while a file is fetched, so that the devices of one process do not fetch it several times.</summary>
    /// <param name="file">Where it lies or shall lie.</param>
    public static SemaphoreSlim Fetching(string file) => fetching.GetOrAdd(file, _ => new SemaphoreSlim(1));

    /// <summary>Makes room for a file that is about to be fetched.</summary>
    /// <param name="file">Where it shall lie, below <see cref="Folder"/>.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="DiskBudgetException">It does not fit beside what is in use.</exception>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public DiskRoom Reserve(string file, long bytes)
    {
        using var turn = Enter();
        var budget = Bytes();
        // Before anything is deleted. Where nobody said how much, what is needed is worth more than the rule of thumb.
        var inUse = _bytes is null ? 0 : Files().Where(other => IsInUse(other.Path)).Sum(other => other.Bytes);
        if (_bytes is not null && inUse + bytes > budget)
            throw new DiskBudgetException(
                $"a file of {Size(bytes)} does not fit into {Folder}: it may hold {Size(budget)} (Worker:DiskBytes), "
                + $"and {Size(inUse)} of them are in use; "
                + "allow more, or use smaller archives");
        MakeRoom(bytes, budget, mostCrops: long.MaxValue, except: null);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // Containers share volumes, and each begins with process 1.
        var unfinished = $"{file}.{Environment.MachineName}-{Environment.ProcessId}-{Interlocked.Increment(ref fetched)}{UnfinishedExtension}";
        // The lock of this handle says that somebody lives who fetches it.
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
    /// <param name="path">Where it lies or shall lie.</param>
    /// <param name="header">Bytes of an empty file.</param>
    /// <param name="slot">Bytes of a slot.</param>
    /// <param name="slots">Slots that are wanted.</param>
    /// <param name="present">Slots of the file that is there; null where it is to be made.</param>
    /// <param name="open">Opens, or makes, the file with that many slots.</param>
    /// <returns>What <paramref name="open"/> gave, or null where not even one slot fits.</returns>
    internal T? OpenCrops<T>(string path, long header, long slot, int slots, Func<int?> present, Func<int, T> open)
        where T : class
    {
        using var turn = Enter();
        var (budget, crops) = (Bytes(), CropBytes());
        // A file from the days of a larger budget is made anew, unless somebody reads it. The rule of thumb moves with the disk and is no reason.
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

    /// <summary>Most bytes of all files.</summary>
    public long Bytes()
        => _bytes ?? Math.Min(MostByDefault, (new DriveInfo(Folder).AvailableFreeSpace + Files().Sum(file => file.Bytes)) / 4);

    /// <summary>Most bytes of crops.</summary>
    internal long CropBytes() => Bytes() / CropPart;

    // Deletes files that nobody has open, longest unused first, until there is room for so many more bytes.
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

    // A file that is being fetched counts as the room that is held for it, and one that a killed process left counts as it is.
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
            // One that was fetched or given up meanwhile is gone under its name.
            var files = below.GetFiles().Where(file => file.Exists).ToList();
            var rooms = files.Where(file => file.Extension == RoomExtension && IsInUse(file.FullName))
                .Select(file => file.FullName[..^RoomExtension.Length]).ToHashSet();
            foreach (var file in files.Where(file => !rooms.Contains(file.FullName)))
                yield return (file.FullName, file.Length, file.LastWriteTimeUtc, false);
        }
    }

    // Only as long as this process has the turn, so nobody else finds the file locked meanwhile.
    private bool IsInUse(string file)
    {
        if (!locks.GetValueOrDefault(Folder, true))
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
            // Open elsewhere, or not ours to look at.
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

    // One process and thread after the other looks at the folder and changes it; nobody fetches anything meanwhile.
    private SafeFileHandle Enter()
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, ".lock");
        for (var limit = Environment.TickCount64 + (long)LongestTurn.TotalMilliseconds; ; Thread.Sleep(5))
        {
            try
            {
                var turn = OpenAlone(path, FileMode.OpenOrCreate);
                locks.GetOrAdd(Folder, _ => DoLocksHold(path));
                return turn;
            }
            catch (IOException failure) when (IsHeldByOther(failure) && Environment.TickCount64 < limit)
            {
                // It is another's turn.
            }
        }
    }

    // NFS hands out such a lock twice to one process, and some cluster file systems hand out none.
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

    // For writing where that is allowed, as locks of NFS want it; another user's file is locked as well by a reader.
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
            // Another user's file: it may be read, and goes when its owner needs room.
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

/// <summary>Room for one file while it is fetched. Dispose it in any case.</summary>
public sealed class DiskRoom : IDisposable
{
    private readonly string _file;
    private readonly FileStream _room;

    internal DiskRoom(string file, string unfinished, FileStream room) => (_file, Unfinished, _room) = (file, unfinished, room);

    /// <summary>Where to write it.</summary>
    public string Unfinished { get; }

    /// <summary>Puts what was written in its place and opens it. It appears whole, whoever else fetches the same.</summary>
    public SafeFileHandle Keep()
    {
        // Opened before others can see it, so that nobody's need for room comes between.
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

/// <summary>A file does not fit beside what is in use. It may fit as soon as something is not used any more.</summary>
public sealed class DiskBudgetException(string message) : Exception(message);
