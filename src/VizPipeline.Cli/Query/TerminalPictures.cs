using System.Globalization;
using System.Text;
using VizPipeline.Images;

namespace VizPipeline.Cli.Query;

/// <summary>
/// Shows pictures in a terminal, with the protocols of kitty or iTerm2 if it supports one, otherwise as coloured half blocks.
/// </summary>
/// <param name="protocol">The protocol that the terminal supports.</param>
internal sealed class TerminalPictures(TerminalPictures.Protocol protocol)
{
    /// <summary>
    /// The columns of one picture. Pictures are square, and a row of the terminal is about as high as two columns are wide.
    /// </summary>
    public const int Columns = 20;

    private const int ChunkLength = 4096;
    private const int PixelsPerColumn = 8;

    /// <summary>The ways to show pictures in a terminal.</summary>
    internal enum Protocol
    {
        /// <summary>Two pixels per character, as foreground and background colour.</summary>
        HalfBlocks,

        /// <summary>https://sw.kovidgoyal.net/kitty/graphics-protocol, also supported by WezTerm, Ghostty and Konsole.</summary>
        Kitty,

        /// <summary>https://iterm2.com/documentation-images.html.</summary>
        ITerm2,
    }

    /// <summary>Detects the protocol of the terminal; returns null if there is no terminal or it does not support true colour.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static TerminalPictures? Detect(Func<string, string?> variable)
    {
        var (term, program) = (variable("TERM") ?? "", variable("TERM_PROGRAM") ?? "");
        if (variable("KITTY_WINDOW_ID") is { Length: > 0 } || term is "xterm-kitty" or "xterm-ghostty" || program is "WezTerm" or "ghostty")
            return new(Protocol.Kitty);
        if (program == "iTerm.app" || variable("LC_TERMINAL") == "iTerm2")
            return new(Protocol.ITerm2);
        return variable("COLORTERM") is "truecolor" or "24bit" ? new(Protocol.HalfBlocks) : null;
    }

    /// <summary>Writes pictures side by side, each <see cref="Columns"/> wide, followed by a line break.</summary>
    public void Write(TextWriter output, IReadOnlyList<RgbImage> pictures)
    {
        var side = protocol == Protocol.HalfBlocks ? Columns - 1 : (Columns - 1) * PixelsPerColumn;
        var step = protocol == Protocol.HalfBlocks ? Columns : Columns * PixelsPerColumn;
        using var canvas = new Canvas(pictures.Count * step, side, Rgb.Grey(0));
        for (var i = 0; i < pictures.Count; i++)
            canvas.Image(pictures[i], i * step, 0, side, side, Scaling.Bilinear);
        var row = canvas.ToImage();
        if (protocol == Protocol.HalfBlocks)
            HalfBlocks(output, row, side, step);
        else if (protocol == Protocol.Kitty)
            Kitty(output, Png.Encode(row), pictures.Count * Columns);
        else
            ITerm2(output, Png.Encode(row), pictures.Count * Columns);
    }

    private static void Kitty(TextWriter output, byte[] png, int columns)
    {
        var text = Convert.ToBase64String(png);
        for (var i = 0; i < text.Length; i += ChunkLength)
        {
            var control = i == 0 ? $"f=100,a=T,c={columns}," : "";
            output.Write(
                $"\e_G{control}m={(i + ChunkLength < text.Length ? 1 : 0)};{text.AsSpan(i, Math.Min(ChunkLength, text.Length - i))}\e\\");
        }
        output.WriteLine();
    }

    private static void ITerm2(TextWriter output, byte[] png, int columns) =>
        output.WriteLine($"\e]1337;File=inline=1;width={columns};preserveAspectRatio=1:{Convert.ToBase64String(png)}\a");

    private static void HalfBlocks(TextWriter output, RgbImage row, int side, int step)
    {
        var line = new StringBuilder();
        for (var y = 0; y < row.Height; y += 2)
        {
            for (var x = 0; x < row.Width; x++)
            {
                if (x % step >= side)
                {
                    line.Append("\e[0m ");
                    continue;
                }
                var (top, bottom) = (row[x, y], y + 1 < row.Height ? row[x, y + 1] : Rgb.Grey(0));
                line.Append(CultureInfo.InvariantCulture, $"\e[38;2;{top.R};{top.G};{top.B};48;2;{bottom.R};{bottom.G};{bottom.B}m▀");
            }
            output.WriteLine(line.Append("\e[0m"));
            line.Clear();
        }
    }
}
