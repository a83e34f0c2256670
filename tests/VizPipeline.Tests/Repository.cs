namespace VizPipeline.Tests;

/// <summary>Reads files of the repository in place.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(Path(parts));

    /// <summary>Paths of all Markdown files below the root, without those of hidden, build and dependency folders.</summary>
    public static IReadOnlyList<string> MarkdownFiles() =>
    [
        .. Directory.EnumerateFiles(
                Root, "*.md", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Select(file => System.IO.Path.GetRelativePath(Root, file))
            .Where(file => !file.Split(System.IO.Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or ".git"))
            .Order(StringComparer.Ordinal),
    ];

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "VizPipeline.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("the tests do not run inside the repository");
    }
}
