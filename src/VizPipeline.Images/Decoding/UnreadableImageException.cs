namespace VizPipeline.Images;

/// <summary>A file that is no picture we can read. Trying again does not help; a scan skips the picture, counts it and lists it.</summary>
public sealed class UnreadableImageException(string name, string reason) : Exception($"{name} is unreadable: {reason}")
{
    /// <summary>What the caller called the picture, as a rule its relative path.</summary>
    public string Name { get; } = name;

    /// <summary>One sentence without the name, for example "the file ends before the picture does".</summary>
    public string Reason { get; } = reason;
}
