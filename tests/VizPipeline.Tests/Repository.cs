namespace VizPipeline.Tests;

/// <summary>Files of the repository, read where they lie.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(Path(parts));

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
