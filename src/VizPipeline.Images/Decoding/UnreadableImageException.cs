namespace VizPipeline.Images;

/// <summary>A file is not a readable image. Retrying does not help; a scan skips the image, counts it and lists it.</summary>
public sealed class UnreadableImageException(string name, string reason) : Exception($"{name} is unreadable: {reason}")
{
    /// <summary>The image's name as given by the caller, usually its relative path.</summary>
    public string Name { get; } = name;

    /// <summary>One sentence without the name, for example "the file ends before the picture does".</summary>
    public string Reason { get; } = reason;
}
