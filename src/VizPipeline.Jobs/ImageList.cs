namespace VizPipeline.Jobs;

/// <summary>The images of an atlas in index order; workers and the catalog share this object.</summary>
/// <param name="Images">One entry per image.</param>
public sealed record ImageList(IReadOnlyList<ImageEntry> Images);

/// <summary>One image.</summary>
/// <param name="Path">Path relative to the image set's root, with forward slashes.</param>
/// <param name="Label">Index of its class; null if it has none.</param>
/// <param name="Bytes">Size of the file in bytes; 0 if it was unreadable when the set was listed.</param>
/// <param name="ContentHash">Hash of the file, with which workers check that they read the same file; empty if it was unreadable.</param>
/// <param name="Unreadable">Why the file was unreadable when the set was listed; usually null.</param>
public sealed record ImageEntry(string Path, int? Label = null, long Bytes = 0, string ContentHash = "", string? Unreadable = null);
