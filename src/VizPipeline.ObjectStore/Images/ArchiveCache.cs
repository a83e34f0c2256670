using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VizPipeline.Images;

namespace VizPipeline.ObjectStore;

/// <summary>Archives fetched from a bucket, in a folder that several processes may share; those used longest ago go first.</summary>
/// <param name="disk">Where they are kept, below <see cref="DiskBudget.Archives"/>, and how much room there is.</param>
public sealed class ArchiveCache(DiskBudget disk)
{
    private const string Extension = ".tar";
    private readonly string _folder = Path.Combine(disk.Folder, DiskBudget.Archives);

    /// <summary>Opens an archive, fetched where it is not there yet. What is open is not put away.</summary>
    /// <param name="identity">What it is, with its version: another identity is another file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="fetch">Writes it to a file; false where it is gone.</param>
    /// <exception cref="ObjectStoreException">The folder cannot be written.</exception>
    /// <exception cref="DiskBudgetException">It does not fit beside what is in use.</exception>
    public SafeFileHandle? Open(string identity, long bytes, Func<string, bool> fetch)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        var file = Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..32] + Extension);
        try
        {
            if (disk.TryOpen(file, bytes) is { } present)
                return present;
            var turn = DiskBudget.Fetching(file);
            turn.Wait();
            try
            {
                if (disk.TryOpen(file, bytes) is { } meanwhile)
                    return meanwhile;
                using var room = disk.Reserve(file, bytes);
                return fetch(room.Unfinished) ? room.Keep() : null;
            }
            finally
            {
                turn.Release();
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
        $"An archive of images cannot be kept in {_folder} ({failure.Message}): make room there, or set "
        + "Worker:CacheFolder to another disk.",
        isTransient: true, failure);
}
