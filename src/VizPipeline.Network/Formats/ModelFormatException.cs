namespace VizPipeline.Network.Formats;

/// <summary>
/// A model or array file cannot be read. The message is one line: which file, what is wrong with it and, where that helps, what to do.
/// Retrying does not help.
/// </summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>Creates the exception for a faulty file.</summary>
    /// <param name="file">The file as the user named it.</param>
    /// <param name="problem">What is wrong; continues a sentence that starts with the file's name.</param>
    /// <param name="advice">What to do about it, in the imperative.</param>
    /// <param name="inner">The underlying exception, if any.</param>
    public ModelFormatException(string file, string problem, string? advice = null, Exception? inner = null)
        : base(HostileText.OneLine(advice is null ? $"{file}: {problem}" : $"{file}: {problem}; {advice}", 600), inner)
        => File = file;

    /// <summary>The file as the user named it.</summary>
    public string File { get; }
}
