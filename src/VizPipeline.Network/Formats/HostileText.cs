using System.Text;

namespace VizPipeline.Network.Formats;

/// <summary>Text that may hold names out of a hostile file: line breaks, terminal commands or megabytes.</summary>
internal static class HostileText
{
    /// <summary>The text on one line, cut where it is too long.</summary>
    public static string OneLine(string text, int longest)
    {
        var line = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, longest)))
            line.Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? '?' : letter);
        return text.Length > longest ? line.Append("...").ToString() : line.ToString();
    }
}
