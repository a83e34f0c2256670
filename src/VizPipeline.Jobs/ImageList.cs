namespace VizPipeline.Jobs;

/// <summary>The images of an atlas in the order of their indices: the object that workers and the catalog share.</summary>
/// <param name="Images">One entry per image.</param>
public sealed record ImageList(IReadOnlyList<ImageEntry> Images);

/// <summary>One image.</summary>
/// <param name="Path">Path below the image set's root, with forward slashes.</param>
/// <param name="Label">Index of its class; null where it has none.</param>
/// <param name="Bytes">Size of the file in bytes; 0 where it could not be read when the set was listed.</param>
/// <param name="ContentHash">Hash of the file, by which workers see that theirs is the same; empty where it could not be read.</param>
/// <param name="Unreadable">Why the file could not be read when the set was listed; null as a rule.</param>
public sealed record ImageEntry(string Path, int? Label = null, long Bytes = 0, string ContentHash = "", string? Unreadable = null);
