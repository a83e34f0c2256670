using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Links of all Markdown files, the length of the first pages, and sections that source comments cite.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Pages => [.. Repository.MarkdownFiles()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Relative_links_lead_to_files_and_headings(string page)
    {
        var folder = Path.GetDirectoryName(Repository.Path(page))!;
        var broken = Link().Matches(Prose(page)).Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Resolves(folder, Repository.Path(page), target)).ToList();
        Assert.True(broken.Count == 0, $"{page} has links that lead nowhere: {string.Join(", ", broken)}");
    }

    [Fact]
    public void README_links_to_every_page_of_docs()
    {
        var folder = Repository.Path("docs");
        var readme = Repository.Read("README.md");
        Assert.All(Directory.GetFiles(folder, "*.md"), file => Assert.Contains($"](docs/{Path.GetFileName(file)})", readme));
    }

    [Fact]
    public void One_command_makes_every_picture_of_README_and_docs()
    {
        var made = Picture().Matches(Repository.Read("tests", "pictures")).Select(match => match.Groups[1].Value).ToHashSet();
        var there = Directory.GetFiles(Repository.Path("docs"), "*.png").Select(file => Path.GetFileName(file)).ToHashSet();
        Assert.Equal(there.Order(StringComparer.Ordinal), made.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_list_of_decisions_is_complete()
    {
        var list = Repository.Read("docs", "decisions", "README.md");
        Assert.All(
            Directory.GetFiles(Repository.Path("docs", "decisions"), "*.md").Select(file => Path.GetFileName(file))
                .Where(name => name != "README.md"),
            name => Assert.Contains($"({name})", list));
    }

    [Theory]
    [InlineData("README.md", 150)]
    [InlineData("ARCHITECTURE.md", 120)]
    public void The_first_pages_stay_short(string page, int lines) =>
        Assert.InRange(Repository.Read(page).TrimEnd('\n').Split('\n').Length, 1, lines);

    [Fact]
    public void Sections_of_the_methods_that_source_comments_cite_exist()
    {
        var sections = Section().Matches(Repository.Read("docs", "methods.md")).Select(match => match.Groups[1].Value).ToHashSet();
        var cited = Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Citation().Matches(LineBreak().Replace(File.ReadAllText(file), " ")))
            .SelectMany(match => match.Groups[1].Value.Split([", ", " and "], StringSplitOptions.None)).ToHashSet();
        Assert.NotEmpty(cited);
        Assert.All(cited, number => Assert.Contains(number, sections));
    }

    private static bool Resolves(string folder, string page, string target)
    {
        var at = target.IndexOf('#', StringComparison.Ordinal);
        var (path, anchor) = at < 0 ? (target, "") : (target[..at], target[(at + 1)..]);
        var file = path.Length == 0 ? page : Path.GetFullPath(Path.Combine(folder, path));
        if (!File.Exists(file))
            return Directory.Exists(file) && anchor.Length == 0;
        return anchor.Length == 0 || Anchors(file).Contains(anchor);
    }

    // As GitHub makes them: lower case; letters, digits, hyphens, underscores; spaces as hyphens; a repeated one ends in -1.
    private static HashSet<string> Anchors(string file)
    {
        var anchors = new HashSet<string>();
        foreach (var heading in Heading().Matches(WithoutCode(File.ReadAllText(file))).Select(match => match.Groups[1].Value))
        {
            var anchor = NoAnchor().Replace(LinkedText().Replace(heading, "$1").Trim().ToLowerInvariant(), "").Replace(' ', '-');
            for (var number = 0; !anchors.Add(number == 0 ? anchor : $"{anchor}-{number}"); number++)
            {
            }
        }
        return anchors;
    }

    private static string Prose(string page) => Code().Replace(WithoutCode(Repository.Read(page)), "");

    private static string WithoutCode(string text) => Block().Replace(text, "");

    // "photograph ADDRESS FILE.png WIDTH HEIGHT" and "part PICTURE FILE.png WIDTH HEIGHT".
    [GeneratedRegex(@"(?m)^ *(?:photograph|part) \S+ ([a-z0-9-]+\.png) [0-9]+ [0-9]+$")]
    private static partial Regex Picture();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkedText();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^## ([0-9]+)\\. ", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex("(?:METHODS |methods\\.md, sections? )([0-9]+(?:(?:, | and )[0-9]+)*)")]
    private static partial Regex Citation();

    [GeneratedRegex("\\s*\n\\s*///\\s*")]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"[^\p{L}\p{Nd}\-_ ]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex Code();
}
