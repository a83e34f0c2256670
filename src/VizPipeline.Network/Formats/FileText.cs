using System.Text;

namespace VizPipeline.Network.Formats;

/// <summary>Text out of files, for messages.</summary>
internal static class FileText
{
    private const int LongestMessage = 600;

    /// <summary>A message as one line of bounded length: names inside a hostile file may hold line breaks, terminal commands or megabytes of text.</summary>
    public static string OneLine(string message, int longest = LongestMessage)
    {
        var line = new StringBuilder(Math.Min(message.Length, longest));
        foreach (var letter in message.AsSpan(0, Math.Min(message.Length, longest)))
            line.Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? '?' : letter);
        return message.Length > longest ? line.Append("...").ToString() : line.ToString();
    }
}
