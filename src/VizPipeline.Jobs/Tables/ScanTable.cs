namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="ScanShard"/> for the catalog. The tally itself lies beside it for the merge.</summary>
/// <param name="Shard">The shard's number.</param>
/// <param name="FirstImage">Index of the shard's first image.</param>
/// <param name="EndImage">Index behind the shard's last image.</param>
/// <param name="Images">Images that went through the network.</param>
/// <param name="Unreadable">Images that were skipped, by index.</param>
public sealed record ScanTable(int Shard, int FirstImage, int EndImage, int Images, IReadOnlyList<UnreadableImage> Unreadable);

/// <summary>An image that could not be read.</summary>
/// <param name="Index">Index of the image in the image list.</param>
/// <param name="Reason">Why, in one line.</param>
public sealed record UnreadableImage(int Index, string Reason);
