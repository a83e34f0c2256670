using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Containers;

/// <summary>Reads the shell commands of a Markdown page, unchanged.</summary>
internal static partial class MarkdownCommands
{
    /// <summary>Returns the lines of the shell blocks below a heading, up to the next heading of any level.</summary>
    /// <param name="heading">The heading's text without its number signs.</param>
    /// <param name="page">Path of the page below the repository's root.</param>
    public static IReadOnlyList<string> Of(string heading, params string[] page)
    {
        var chapters = Repository.Read(page).Split('\n')
            .Aggregate(new List<(string Heading, List<string> Lines)> { ("", []) }, (all, line) =>
        {
            // A comment within a block is not a heading.
            var isInBlock = all[^1].Lines.Count(of => of.StartsWith("```", StringComparison.Ordinal)) % 2 == 1;
            if (!isInBlock && Heading().Match(line) is { Success: true } match)
                all.Add((match.Groups[1].Value, []));
            else
                all[^1].Lines.Add(line);
            return all;
        });
        return CommandsOf(string.Join('\n', chapters.Single(chapter => chapter.Heading == heading).Lines));
    }

    /// <summary>Returns the lines of all shell blocks of a page.</summary>
    /// <param name="page">Path of the page below the repository's root.</param>
    public static IReadOnlyList<string> OfPage(params string[] page) => CommandsOf(Repository.Read(page));

    /// <summary>Returns whether a page has a shell block.</summary>
    public static bool AreOn(params string[] page) => Block().IsMatch(Repository.Read(page));

    private static List<string> CommandsOf(string text)
    {
        var lines = Block().Matches(text).SelectMany(block => block.Groups[1].Value.Split('\n'))
            .Where(line => line.Length > 0 && line[0] != '#').ToList();
        Assert.NotEmpty(lines);
        return lines;
    }

    [GeneratedRegex("^#+ (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
