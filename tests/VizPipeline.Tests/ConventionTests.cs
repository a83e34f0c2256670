namespace VizPipeline.Tests;

/// <summary>Conventions that no analyzer checks.</summary>
public sealed class ConventionTests
{
    private const int LongestLine = 140;

    [Fact]
    public void Lines_have_at_most_140_characters()
    {
        var lines = from file in Sources("src").Concat(Sources("tests"))
                    where !file.Contains("/Migrations/", StringComparison.Ordinal)
                    from line in File.ReadLines(Repository.Path(file)).Select((text, i) => (Text: text, Number: i + 1))
                    where line.Text.Length > LongestLine
                    select $"{file}:{line.Number}";
        Assert.Empty(lines);
    }

    [Fact]
    public void Tests_of_a_source_file_lie_in_the_same_folder_below_tests()
    {
        var sources = Sources("src").ToLookup(file => Path.GetFileName(file).Split('.')[0], Path.GetDirectoryName);
        foreach (var test in Sources("tests/VizPipeline.Tests").Where(file => file.EndsWith("Tests.cs", StringComparison.Ordinal)))
        {
            var folders = sources[Path.GetFileName(test)[..^"Tests.cs".Length]].Distinct().ToList();
            var mirrored = folders.Select(
                folder => folder!.Replace("src/VizPipeline.", "tests/VizPipeline.Tests/", StringComparison.Ordinal));
            // Tests of containers, clusters and the like may be called like a source of another meaning.
            if (folders.Count > 0 && !IsOfSystem(test))
                Assert.Contains(Path.GetDirectoryName(test), mirrored);
        }
    }

    private static bool IsOfSystem(string test) =>
        test.Split('/')[2] is "Cluster" or "Containers" or "Deployment" or "EndToEnd" or "Release";

    private static IEnumerable<string> Sources(string folder) =>
        from file in Directory.EnumerateFiles(Repository.Path(folder), "*", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Repository.Path(), file).Replace('\\', '/')
        where Path.GetExtension(path) is ".cs" or ".razor"
        where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
        select path;
}
