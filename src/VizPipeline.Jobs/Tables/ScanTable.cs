using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>The result of <see cref="ScanShard"/> for the catalog. The tally itself is a separate object for the merge.</summary>
/// <param name="Shard">The shard's number.</param>
/// <param name="FirstImage">Index of the shard's first image.</param>
/// <param name="EndImage">Index after the shard's last image.</param>
/// <param name="Images">Number of images run through the network.</param>
/// <param name="Unreadable">Skipped images, by index.</param>
public sealed record ScanTable(int Shard, int FirstImage, int EndImage, int Images, IReadOnlyList<UnreadableImage> Unreadable)
{
    /// <summary>
    /// For each image of the shard the rank of its class among the outputs, see <see cref="OutputClasses"/>; null if no image has one.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int?>? ClassRanks { get; init; }
}

/// <summary>An image that could not be read.</summary>
/// <param name="Index">Index of the image in the image list.</param>
/// <param name="Reason">Why, in one line.</param>
public sealed record UnreadableImage(int Index, string Reason);
