using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VizPipeline.Images;
using VizPipeline.ObjectStore;

namespace VizPipeline.ImageStore;

/// <summary>Caches archives from a bucket in a folder that several processes may share; evicts the least recently used first.</summary>
/// <param name="disk">The space for them, below <see cref="DiskBudget.Archives"/>.</param>
public sealed class ArchiveCache(DiskBudget disk)
{
    private const string Extension = ".tar";
    private readonly string _folder = Path.Combine(disk.Folder, DiskBudget.Archives);

    /// <summary>Opens an archive and fetches it first if it is not cached. Open archives are not evicted.</summary>
    /// <param name="identity">Identifies the archive and its version; each identity has its own file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="fetch">Writes it to a file; returns false if it no longer exists.</param>
    /// <exception cref="ObjectStoreException">The folder cannot be written.</exception>
    /// <exception cref="DiskBudgetException">It does not fit next to the archives in use.</exception>
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

    // Transient, as the job is not at fault: another machine may have space.
    private ObjectStoreException NoRoom(Exception failure) => new(
        $"An archive of images cannot be kept in {_folder} ({failure.Message}): make room there, or set "
        + "Worker:CacheFolder to another disk.",
        isTransient: true, failure);
}
