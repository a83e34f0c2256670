using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.ObjectStore;

/// <summary>Archives fetched from a bucket, in a folder that several processes may share; those used longest ago go first.</summary>
/// <param name="folder">The folder; made where it is missing.</param>
/// <param name="budget">Most bytes of all archives together; one that is larger is kept alone.</param>
public sealed class ArchiveCache(string folder, long budget)
{
    private const string Extension = ".tar";
    private static int fetched;

    /// <summary>Opens an archive, fetched where it is not there yet. What is open stays readable when it is put away.</summary>
    /// <param name="identity">What it is, with its version: another identity is another file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="fetch">Writes it to a file; false where it is gone.</param>
    /// <exception cref="ObjectStoreException">The folder has no room or cannot be written.</exception>
    internal SafeFileHandle? Open(string identity, long bytes, Func<string, bool> fetch)
    {
        var file = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..32] + Extension);
        try
        {
            Directory.CreateDirectory(folder);
            if (TryOpen(file, bytes) is { } present)
                return present;
            MakeRoom(bytes);
            // It appears whole, whoever else fetches the same.
            var unfinished = $"{file}.{Environment.ProcessId}-{Interlocked.Increment(ref fetched)}.unfinished";
            try
            {
                if (!fetch(unfinished))
                    return null;
                // Opened before others can see it, so that nobody's need for room comes between.
                var handle = File.OpenHandle(unfinished, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                File.Move(unfinished, file, overwrite: true);
                return handle;
            }
            finally
            {
                File.Delete(unfinished);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw NoRoom(failure);
        }
        catch (ObjectStoreException failure) when (ObjectStoreException.IsDiskFull(failure.InnerException))
        {
            throw NoRoom(failure.InnerException!);
        }
    }

    // Not the job's fault: another machine may have the room.
    private ObjectStoreException NoRoom(Exception failure) => new(
        $"An archive of images cannot be kept in {folder} ({failure.Message}): make room there, or set Worker:CacheFolder to another disk.", isTransient: true, failure);

    private static SafeFileHandle? TryOpen(string file, long bytes)
    {
        try
        {
            var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (RandomAccess.GetLength(handle) == bytes)
            {
                File.SetLastWriteTimeUtc(handle, TimeProvider.System.GetUtcNow().UtcDateTime);
                return handle;
            }
            handle.Dispose();
        }
        catch (Exception missing) when (missing is FileNotFoundException or UnauthorizedAccessException)
        {
            // Not there, or another user's: fetched anew.
        }
        return null;
    }

    private void MakeRoom(long bytes)
    {
        // What a killed process left half fetched is old; what others fetch now is young.
        var files = new DirectoryInfo(folder).GetFiles("*" + Extension + "*").OrderBy(file => file.LastWriteTimeUtc).ToList();
        var used = files.Sum(file => file.Length);
        foreach (var file in files.TakeWhile(_ => used + bytes > budget))
        {
            used -= file.Length;
            file.Delete();
        }
    }
}
