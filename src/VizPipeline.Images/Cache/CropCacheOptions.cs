namespace VizPipeline.Images;

/// <summary>Where decoded crops are kept and how much room they may take.</summary>
public sealed record CropCacheOptions
{
    /// <summary>The folder and its bound, shared by all sets and processes of this machine; crops take at most half of it.</summary>
    public DiskBudget Disk { get; init; } = new();

    /// <summary>Told, in one line, that the cache cannot be used or written any more. Work goes on without it, only slower.</summary>
    public Action<string>? Warn { get; init; }
}
