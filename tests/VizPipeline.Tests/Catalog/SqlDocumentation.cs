using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Catalog;

/// <summary>Parses docs/sql.md.</summary>
public static partial class SqlDocumentation
{
    private static readonly string Text = Repository.Read("docs", "sql.md");

    /// <summary>Gets the columns of each view, in the order of its table.</summary>
    public static IReadOnlyDictionary<string, string[]> Views => Chapter("Views").Split("\n### ").Skip(1).ToDictionary(
        section => section.Split('\n')[0], section => FirstCell().Matches(section).Select(cell => cell.Groups[1].Value).ToArray());

    /// <summary>Gets the example queries.</summary>
    public static IReadOnlyList<string> Queries => CodeOf("Queries");

    /// <summary>Gets the statements that set up the roles: on the server, in the database, and after the first migration.</summary>
    public static IReadOnlyList<string> Roles => CodeOf("Roles in PostgreSQL");

    private static string[] CodeOf(string chapter) => [.. Code().Matches(Chapter(chapter)).Select(code => code.Groups[1].Value)];

    private static string Chapter(string heading)
        => Text.Split("\n## ").Single(chapter => chapter.StartsWith(heading + "\n", StringComparison.Ordinal));

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
