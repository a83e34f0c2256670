using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace VizPipeline.ObjectStore;

/// <summary>Stores objects as files below a folder, which several processes may share.</summary>
/// <remarks>
/// A file is written next to its target as <c>~host.pid.n.tmp</c>, flushed to disk and renamed, so a reader never sees a partial file. Keys
/// cannot contain <c>~</c>, so these names never collide with an object's.
/// </remarks>
public sealed class FolderObjectStore : IObjectStore
{
    private const string TemporaryFiles = "~*.tmp";
    private static readonly string Host = string.Concat(Environment.MachineName.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
    private static long _written;

    private readonly string _mount;

    /// <summary>Opens a folder, creates it if it is missing, and removes temporary files left by killed writers.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="mount">
    /// The key that the folder represents: with <c>atlases/demo</c>, the file of <c>atlases/demo/sheets/conv1.png</c> is
    /// <c>sheets/conv1.png</c>, and other keys are refused. Empty: all keys.
    /// </param>
    /// <exception cref="ObjectStoreException">The folder cannot be created or read.</exception>
    public FolderObjectStore(string folder, string mount = "")
    {
        if (mount.Length > 0)
            ObjectKey.Check(mount);
        Folder = Path.GetFullPath(folder);
        this._mount = mount.Length > 0 ? mount + "/" : "";
        try
        {
            Directory.CreateDirectory(Folder);
            RemoveLeftovers();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(Folder, "the folder itself", failure);
        }
    }

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
        => WriteAsync(key, async target => await target.WriteAsync(content, cancellation));

    /// <inheritdoc/>
    public async Task PutFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        await using var source = File.OpenRead(file);
        await WriteAsync(key, target => source.CopyToAsync(target, cancellation));
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        => await TryGetAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, Folder);

    /// <inheritdoc/>
    public async Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
    {
        var path = PathOf(key);
        try
        {
            return await File.ReadAllBytesAsync(path, cancellation);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(Folder, key, failure);
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        try
        {
            using var file = File.OpenHandle(PathOf(key), options: FileOptions.Asynchronous);
            if (RandomAccess.GetLength(file) < offset + length)
                throw ObjectStoreException.TooShort(Folder, key, offset, length);
            var part = new byte[length];
            for (var filled = 0; filled < length;)
            {
                var read = await RandomAccess.ReadAsync(file, part.AsMemory(filled), offset + filled, cancellation);
                filled += read > 0 ? read : throw ObjectStoreException.TooShort(Folder, key, offset, length);
            }
            return part;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ObjectNotFoundException(key, Folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(Folder, key, failure);
        }
    }

    /// <inheritdoc/>
    public async Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        var path = PathOf(key);
        if (!File.Exists(path))
            throw new ObjectNotFoundException(key, Folder);
        try
        {
            await using var source = File.OpenRead(path);
            await using var target = File.Create(file);
            await source.CopyToAsync(target, cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file), failure);
        }
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string key, CancellationToken cancellation = default) => Task.FromResult(File.Exists(PathOf(key)));

    /// <inheritdoc/>
    public Task<long> SizeAsync(string key, CancellationToken cancellation = default)
        => new FileInfo(PathOf(key)) is { Exists: true } file
            ? Task.FromResult(file.Length)
            : throw new ObjectNotFoundException(key, Folder);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // Start at the deepest folder that the prefix names completely.
        var start = prefix.StartsWith(_mount, StringComparison.Ordinal) ? prefix[_mount.Length..] : "";
        var parent = start[..(start.LastIndexOf('/') + 1)].TrimEnd('/');
        if (parent.Length > 0 && !ObjectKey.IsValid(parent))
            yield break;
        var folder = Path.Combine(Folder, parent);
        if (!Directory.Exists(folder))
            yield break;

        var keys = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => _mount + Path.GetRelativePath(Folder, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && ObjectKey.IsValid(key))
            .Order(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return key;
        }
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellation = default)
    {
        var path = PathOf(key);
        try
        {
            if (File.Exists(path))
                File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ObjectStoreException.From(Folder, key, failure);
        }
        return Task.CompletedTask;
    }

    /// <summary>Gets the file of a key; it need not exist.</summary>
    /// <exception cref="ArgumentException">The key is malformed, or not below the mount.</exception>
    public string PathOf(string key)
    {
        ObjectKey.Check(key);
        if (!key.StartsWith(_mount, StringComparison.Ordinal))
            throw new ArgumentException($"the folder {Folder} holds only {_mount}..., not '{key}'");
        return Path.Combine(Folder, key[_mount.Length..].Replace('/', Path.DirectorySeparatorChar));
    }

    private async Task WriteAsync(string key, Func<Stream, Task> write)
    {
        var path = PathOf(key);
        var temporary = Path.Combine(
            Path.GetDirectoryName(path)!,
            $"~{Host}.{Environment.ProcessId}.{Interlocked.Increment(ref _written)}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                await write(file);
                // The catalog will refer to this object, so it must be on the disk first in case of a power cut.
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure)
        {
            TryDelete(temporary);
            if (failure is IOException or UnauthorizedAccessException)
                throw ObjectStoreException.From(Folder, key, failure);
            throw;
        }
    }

    private void RemoveLeftovers()
    {
        foreach (var path in Directory.EnumerateFiles(Folder, TemporaryFiles, SearchOption.AllDirectories).ToList())
        {
            if (IsAbandoned(path))
                TryDelete(path);
        }
    }

    // Whether a writer on another machine is alive is unknown, so its files stay. A writer on this machine is dead if its process no longer
    // exists, or if the file has this process's id but is older than this process: containers start with the same id every time.
    private static bool IsAbandoned(string path)
    {
        var parts = Path.GetFileName(path)[1..].Split('.');
        if (parts.Length != 4 || parts[0] != Host || !int.TryParse(parts[1], NumberStyles.None, null, out var process))
            return false;
        if (process == Environment.ProcessId)
        {
            using var self = Process.GetCurrentProcess();
            return File.GetLastWriteTimeUtc(path) < self.StartTime.ToUniversalTime();
        }
        try
        {
            using var writer = Process.GetProcessById(process);
            return writer.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The leftover file does no harm, and the original failure is the one to report.
        }
    }
}
