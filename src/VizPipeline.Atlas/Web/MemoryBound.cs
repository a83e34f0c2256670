namespace VizPipeline.Atlas.Web;

/// <summary>Calculates memory limits of caches: fixed on large machines, a share of the memory in small containers.</summary>
internal static class MemoryBound
{
    /// <summary>Returns the number of bytes that a cache may take.</summary>
    /// <param name="most">The upper limit in bytes.</param>
    /// <param name="share">The largest share of the memory available to this process, from 0 to 1.</param>
    public static long Calculate(long most, double share) => Math.Min(most, (long)(share * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
}
