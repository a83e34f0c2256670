namespace VizPipeline.Catalog;

/// <summary>
/// Keys of the advisory locks, which are per database. They never change, so that old and new versions exclude each other.
/// </summary>
internal static class AdvisoryLock
{
    /// <summary>Held while tables are created or migrated.</summary>
    public const long Migration = 0x76697A_0001;

    /// <summary>Held by the coordinating process.</summary>
    public const long Leadership = 0x76697A_0002;

    /// <summary>Held by the current serialized transaction.</summary>
    public const long Turn = 0x76697A_0003;
}
