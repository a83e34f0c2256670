namespace VizPipeline.Web;

/// <summary>Bounds of caches: fixed on large machines, a part of the memory in small containers.</summary>
internal static class MemoryBound
{
    /// <summary>Bytes that a cache may take.</summary>
    /// <param name="most">At most so many.</param>
    /// <param name="share">And no larger a part of the memory that this process may use.</param>
    public static long Of(long most, double share) => Math.Min(most, (long)(share * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
}
