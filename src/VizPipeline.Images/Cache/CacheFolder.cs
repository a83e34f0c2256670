namespace VizPipeline.Images;

/// <summary>Keeps all cache files of a folder together below the budget, by deleting those that were used longest ago.</summary>
internal static class CacheFolder
{
    public const string Extension = ".crops";

    private const long DefaultBudget = 4L << 30;

    public static long Budget(CropCacheOptions options) =>
        options.Budget ?? Math.Min(DefaultBudget, new DriveInfo(Path.GetFullPath(options.Folder)).AvailableFreeSpace / 10);

    /// <summary>
    /// Deletes files, longest unused first, until <paramref name="bytes"/> more fit. A process that still has one open keeps its
    /// contents.
    /// </summary>
    public static void MakeRoom(string folder, string except, long bytes, long budget)
    {
        var others = new DirectoryInfo(folder).EnumerateFiles("*" + Extension)
            .Where(file => file.Name != Path.GetFileName(except)).OrderBy(file => file.LastWriteTimeUtc).ToList();
        var used = others.Sum(file => file.Length);
        foreach (var file in others.TakeWhile(_ => used + bytes > budget))
        {
            used -= file.Length;
            file.Delete();
        }
    }
}
