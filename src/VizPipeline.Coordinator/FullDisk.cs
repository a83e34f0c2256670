using Microsoft.Data.Sqlite;
using Npgsql;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>Recognises that a disk is full, in whatever way the file system or a database says so.</summary>
public static class FullDisk
{
    private const int SqliteFull = 13;

    /// <summary>Returns whether a full disk is the cause of a failure.</summary>
    public static bool Explains(Exception? failure) => failure switch
    {
        null => false,
        SqliteException { SqliteErrorCode: SqliteFull } or PostgresException { SqlState: PostgresErrorCodes.DiskFull } => true,
        AggregateException several => several.InnerExceptions.Any(Explains),
        _ => ObjectStoreException.IsDiskFull(failure) || Explains(failure.InnerException),
    };
}
