namespace VizPipeline.Network.Formats;

/// <summary>
/// A model or array file cannot be read. The message is one line: which file, what is wrong with it, and, where
/// that helps, what to do. Trying again does not help.
/// </summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>Describes what is wrong with a file.</summary>
    /// <param name="file">The file as the user named it.</param>
    /// <param name="problem">What is wrong, as the rest of a sentence that begins with the file's name.</param>
    /// <param name="advice">What to do about it, in the imperative.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public ModelFormatException(string file, string problem, string? advice = null, Exception? inner = null)
        : base(HostileText.OneLine(advice is null ? $"{file}: {problem}" : $"{file}: {problem}; {advice}", 600), inner)
        => File = file;

    /// <summary>The file as the user named it.</summary>
    public string File { get; }
}
