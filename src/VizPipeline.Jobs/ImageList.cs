namespace VizPipeline.Jobs;

/// <summary>The images of an atlas in the order of their indices: the object that workers and the catalog share.</summary>
/// <param name="Images">One entry per image.</param>
public sealed record ImageList(IReadOnlyList<ImageEntry> Images);

/// <summary>One image.</summary>
/// <param name="Path">Path below the image set's root, with forward slashes.</param>
/// <param name="Label">Index of its class; null where it has none.</param>
public sealed record ImageEntry(string Path, int? Label = null);
