namespace VizPipeline.Catalog;

/// <summary>Numbers of the advisory locks, which hold within one database. They never change: old and new versions must meet.</summary>
internal static class AdvisoryLock
{
    /// <summary>Held while tables are made or changed.</summary>
    public const long Migration = 0x76697A_0001;

    /// <summary>Held by the process that coordinates.</summary>
    public const long Leadership = 0x76697A_0002;

    /// <summary>Held by the transaction whose turn it is.</summary>
    public const long Turn = 0x76697A_0003;
}
