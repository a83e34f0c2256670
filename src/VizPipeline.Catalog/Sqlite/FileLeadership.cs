namespace VizPipeline.Catalog;

/// <summary>Leadership by a lock on a file. The system releases it when the process ends, however it ends; the file may remain.</summary>
internal sealed class FileLeadership : ILeadership
{
    private readonly FileStream _file;

    private FileLeadership(FileStream file) => this._file = file;

    public static FileLeadership? Try(string path)
    {
        try
        {
            return new FileLeadership(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException failure) when (IsHeldByOther(failure))
        {
            return null;
        }
    }

    /// <summary>Whether any process holds the lock. Asking holds a shared lock for a moment, so that others may ask too.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        // Where the file may not be opened, nobody can tell.
        catch (Exception failure) when (failure is UnauthorizedAccessException || (failure is IOException io && IsHeldByOther(io)))
        {
            return true;
        }
    }

    // A live process cannot lose a file lock.
    public Task<bool> IsHeldAsync(CancellationToken cancellation = default) => Task.FromResult(_file.CanWrite);

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    // EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldByOther(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);
}
