using System.Text.RegularExpressions;
using VizPipeline.Cli.Query;
using VizPipeline.Images;

namespace VizPipeline.Tests.Cli.Query;

public sealed partial class TerminalPicturesTests
{
    [Theory]
    [InlineData("TERM=xterm-kitty", "\e_Gf=100")]
    [InlineData("KITTY_WINDOW_ID=1", "\e_Gf=100")]
    [InlineData("TERM_PROGRAM=WezTerm", "\e_Gf=100")]
    [InlineData("TERM_PROGRAM=iTerm.app", "\e]1337;File=inline=1")]
    [InlineData("COLORTERM=truecolor", "\e[38;2;")]
    public void Each_terminal_gets_pictures_in_its_own_way(string environment, string begin)
    {
        var pictures = TerminalPictures.Detect(name => environment.Split('=') is var pair && pair[0] == name ? pair[1] : null)!;
        using var output = new StringWriter();
        pictures.Write(output, [Picture(), Picture()]);
        Assert.StartsWith(begin, output.ToString());
    }

    [Fact]
    public void A_terminal_without_colours_gets_none() => Assert.Null(TerminalPictures.Detect(name => name == "TERM" ? "xterm" : null));

    [Fact]
    public void Half_blocks_have_the_colours_of_the_picture_and_lines_of_the_promised_width()
    {
        using var output = new StringWriter();
        TerminalPictures.Detect(name => name == "COLORTERM" ? "24bit" : null)!.Write(output, [Picture(), Picture()]);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(TerminalPictures.Columns / 2, lines.Length);
        Assert.All(lines, line => Assert.Equal(2 * TerminalPictures.Columns, Escape().Replace(line, "").Length));
        Assert.Contains("38;2;200;10;30", lines[0]);
        // The colours are reset at the end.
        Assert.All(lines, line => Assert.EndsWith("\e[0m", line));
    }

    [Fact]
    public void A_large_picture_comes_in_chunks_that_kitty_takes()
    {
        using var output = new StringWriter();
        var noise = new RgbImage(152, 152);
        new Random(3).NextBytes(noise.Pixels);
        TerminalPictures.Detect(name => name == "TERM" ? "xterm-kitty" : null)!.Write(output, [noise]);
        var chunks = Chunk().Matches(output.ToString());
        Assert.True(chunks.Count > 1);
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(("1", 4096), (chunk.Groups[1].Value, chunk.Groups[2].Length)));
        Assert.Equal("0", chunks[^1].Groups[1].Value);
        Assert.Equal(152, Png.Decode(Convert.FromBase64String(string.Concat(chunks.Select(chunk => chunk.Groups[2].Value)))).Height);
    }

    private static RgbImage Picture()
    {
        var picture = new RgbImage(10, 10);
        for (var i = 0; i < picture.Pixels.Length; i += 3)
            (picture.Pixels[i], picture.Pixels[i + 1], picture.Pixels[i + 2]) = (200, 10, 30);
        return picture;
    }

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\e_G[^;]*m=([01]);([^\e]*)\e\\")]
    private static partial Regex Chunk();
}
