using System.Text;

namespace VizPipeline.Network.Formats;

/// <summary>Makes text from hostile files safe to print: it may contain line breaks, terminal commands or megabytes.</summary>
internal static class HostileText
{
    /// <summary>Returns the text on one line, truncated to <paramref name="longest"/> characters.</summary>
    public static string OneLine(string text, int longest)
    {
        var line = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, longest)))
            line.Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? '?' : letter);
        return text.Length > longest ? line.Append("...").ToString() : line.ToString();
    }
}
