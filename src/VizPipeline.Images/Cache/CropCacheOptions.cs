namespace VizPipeline.Images;

/// <summary>Where decoded crops are kept and how much room they may take.</summary>
public sealed record CropCacheOptions
{
    /// <summary>The cache's folder, shared by all sets and processes of this machine.</summary>
    /// <value>$VIZ_CACHE, else $XDG_CACHE_HOME/vizpipeline, else ~/.cache/vizpipeline.</value>
    public string Folder { get; init; } = DefaultFolder();

    /// <summary>
    /// Most bytes that all files of the folder may take together; null for 4 GiB or a tenth of the free disk, whichever is less.
    /// </summary>
    public long? Budget { get; init; }

    /// <summary>Told, in one line, that the cache cannot be used or written any more. Work goes on without it, only slower.</summary>
    public Action<string>? Warn { get; init; }

    private static string DefaultFolder()
    {
        if (Environment.GetEnvironmentVariable("VIZ_CACHE") is { Length: > 0 } named)
            return named;
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(home, "vizpipeline");
    }
}
