namespace VizPipeline.ObjectStore;

/// <summary>The object store could not read or write; the message names the location and the remedy.</summary>
public class ObjectStoreException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether the same call may succeed later without intervention.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>Translates the failure of a file operation for a store in a folder.</summary>
    public static ObjectStoreException From(string folder, string key, Exception failure) => failure switch
    {
        _ when IsDiskFull(failure) => new(
            $"The disk of {folder} is full (writing {key}): free some space there, then run the same command again to go on.",
            false,
            failure),
        UnauthorizedAccessException => new(
            $"No permission for {key} in {folder}: give this user read and write access to the folder.", false, failure),
        _ => new($"Could not read or write {key} in {folder}: {failure.Message}", true, failure),
    };

    /// <summary>Creates the failure to read a part beyond the end of an object.</summary>
    internal static ObjectStoreException TooShort(string place, string key, long offset, int length) => new(
        $"{key} in {place} ends before byte {offset + length}: the object is damaged; run `viz verify` to see what else is.", false);

    /// <summary>Returns whether a file operation failed because the disk is full or the quota is used up.</summary>
    public static bool IsDiskFull(Exception? failure) => failure is IOException { HResult: NoSpace or QuotaExceeded or WindowsDiskFull };
}

/// <summary>There is no object with this key.</summary>
public sealed class ObjectNotFoundException(string key, string place)
    : ObjectStoreException($"There is no object {key} in {place}.", isTransient: false)
{
    /// <summary>The requested key.</summary>
    public string Key { get; } = key;
}

/// <summary>The bucket does not exist, and this user may not create it.</summary>
public sealed class BucketMissingException(string message, Exception inner) : ObjectStoreException(message, isTransient: false, inner);
