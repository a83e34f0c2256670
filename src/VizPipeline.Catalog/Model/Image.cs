namespace VizPipeline.Catalog;

/// <summary>One image of an atlas's image set.</summary>
public sealed class Image
{
    /// <summary>The atlas.</summary>
    public int AtlasId { get; set; }

    /// <summary>Index in the image list, from 0.</summary>
    public int ImageIndex { get; set; }

    /// <summary>Path relative to the image set's root.</summary>
    public required string Path { get; set; }

    /// <summary>Index of its class; null if it has none.</summary>
    public int? Label { get; set; }

    /// <summary>Why it was skipped; null for a readable image.</summary>
    public string? UnreadableReason { get; set; }

    /// <summary>Rank of its class among the network's outputs, from 1; null if unknown.</summary>
    public int? ClassRank { get; set; }
}
