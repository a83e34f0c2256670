using System.Text;

namespace VizPipeline.Network.Formats;

/// <summary>
/// A model or array file cannot be read. The message is one line: which file, what is wrong with it, and, where
/// that helps, what to do. Trying again does not help.
/// </summary>
public sealed class ModelFormatException : Exception
{
    private const int LongestMessage = 600;

    /// <summary>Describes what is wrong with a file.</summary>
    /// <param name="file">The file as the user named it.</param>
    /// <param name="problem">What is wrong, as the rest of a sentence that begins with the file's name.</param>
    /// <param name="advice">What to do about it, in the imperative.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public ModelFormatException(string file, string problem, string? advice = null, Exception? inner = null)
        : base(OneLine(advice is null ? $"{file}: {problem}" : $"{file}: {problem}; {advice}"), inner)
        => File = file;

    /// <summary>The file as the user named it.</summary>
    public string File { get; }

    // Names inside a hostile file may hold line breaks, terminal commands or megabytes of text.
    private static string OneLine(string message)
    {
        var line = new StringBuilder(Math.Min(message.Length, LongestMessage));
        foreach (var letter in message.AsSpan(0, Math.Min(message.Length, LongestMessage)))
            line.Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? '?' : letter);
        return message.Length > LongestMessage ? line.Append("...").ToString() : line.ToString();
    }
}
