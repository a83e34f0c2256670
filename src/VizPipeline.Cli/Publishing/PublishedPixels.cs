namespace VizPipeline.Cli.Publishing;

/// <summary>Finds pixels of an image set in a folder that somebody may publish.</summary>
internal static class PublishedPixels
{
    private static readonly HashSet<string> OfSites = new(["crops", "top1", "top9"], StringComparer.Ordinal);

    // Contact sheets of an atlas's folder show top patches.
    private static readonly HashSet<string> OfAtlases = new([.. OfSites, "sheets"], StringComparer.Ordinal);

    /// <summary>Returns whether a static site in a folder has source pixels.</summary>
    public static bool AreInSite(string folder) => HasFolder(folder, OfSites);

    /// <summary>Returns whether anything in a folder has source pixels: a site or the folder of an atlas.</summary>
    public static bool AreIn(string folder) => HasFolder(folder, OfAtlases);

    private static bool HasFolder(string folder, HashSet<string> names) => Directory.Exists(folder)
        && Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Any(found => names.Contains(Path.GetFileName(found)));
}
