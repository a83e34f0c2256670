namespace VizPipeline.Images;

/// <summary>The pictures below a folder, in ordinal order of their relative paths.</summary>
internal sealed class FolderListing
{
    public static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];

    private readonly string _root;
    private readonly List<string> _paths = [];
    private readonly List<SkippedFolder> _skipped = [];
    private readonly HashSet<string> _visited = [];
    private readonly Queue<DirectoryInfo> _links = new();

    /// <exception cref="ImageSetException">The folder is missing or cannot be listed.</exception>
    public FolderListing(string root)
    {
        _root = Path.GetFullPath(root);
        if (!Directory.Exists(_root))
            throw new ImageSetException($"image set {root} {(File.Exists(_root) ? "is a file, not a folder" : "does not exist")}");
        Visit(new(_root));
        // Links come last, so that a folder is listed under its real name whenever it lies in the set itself.
        while (_links.TryDequeue(out var link))
            Visit(link);
        if (_paths.Count == 0 && _skipped.FirstOrDefault(folder => folder.Path == "") is { } top)
            throw new ImageSetException($"image set {root} cannot be listed: {top.Reason}");
        _paths.Sort(StringComparer.Ordinal);
        _skipped.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
    }

    public IReadOnlyList<string> Paths => _paths;

    public IReadOnlyList<SkippedFolder> Skipped => _skipped;

    private void Visit(DirectoryInfo folder)
    {
        // A loop of links comes back to a folder that was visited under its real path.
        if (!_visited.Add(RealPath(folder)))
            return;
        try
        {
            foreach (var entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
                Add(entry);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _skipped.Add(new(Relative(folder), error is UnauthorizedAccessException ? "permission denied" : "it could not be listed"));
        }
    }

    private void Add(FileSystemInfo entry)
    {
        // Dot names are other programs' notes: .git, .Trash, macOS's ._photo.jpg (which is no picture).
        if (entry.Name.StartsWith('.'))
            return;
        if (entry is DirectoryInfo folder)
        {
            if (folder.LinkTarget is null)
                Visit(folder);
            else
                _links.Enqueue(folder);
        }
        else if (Extensions.Contains(entry.Extension, StringComparer.OrdinalIgnoreCase))
            _paths.Add(Relative(entry));
    }

    private string Relative(FileSystemInfo entry) =>
        entry.FullName == _root ? "" : Path.GetRelativePath(_root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');

    // ResolveLinkTarget follows the last component only, so the parents are resolved one by one.
    private static string RealPath(DirectoryInfo folder)
    {
        var target = (folder.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo) ?? folder;
        return target.Parent is { } parent ? Path.Combine(RealPath(parent), target.Name) : target.FullName;
    }
}
