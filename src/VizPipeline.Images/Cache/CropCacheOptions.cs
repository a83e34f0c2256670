namespace VizPipeline.Images;

/// <summary>Where decoded crops are stored and how much space they may take.</summary>
public sealed record CropCacheOptions
{
    /// <summary>The folder and its limit, shared by all sets and processes of this machine; crops take at most half of it.</summary>
    public DiskBudget Disk { get; init; } = new();

    /// <summary>Receives one line when the cache cannot be used or written any more. Work continues without it, only slower.</summary>
    public Action<string>? Warn { get; init; }
}
