using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>A local or mounted folder.</summary>
public sealed class LocalImageFolder(string folder) : IImageFolder
{
    /// <inheritdoc/>
    public string Name => folder;

    /// <inheritdoc/>
    public void Check()
    {
        if (!Directory.Exists(folder))
            throw new ImageSetException($"image set {folder} {(File.Exists(folder) ? "is a file, not a folder" : "does not exist")}");
    }

    /// <inheritdoc/>
    public FileListing List(CancellationToken cancellation)
    {
        Check();
        var walk = new FolderWalk(folder);
        if (walk.Paths.Count == 0 && walk.Skipped.FirstOrDefault(skipped => skipped.Path == "") is { } top)
            throw new ImageSetException($"image set {folder} cannot be listed: {top.Reason}");
        return new(walk.Paths, walk.Skipped);
    }

    /// <inheritdoc/>
    public ImageFile Open(string path, CancellationToken cancellation) => new(Handle(path));

    /// <inheritdoc/>
    public long? Length(string path) => new FileInfo(Path.Combine(folder, path)) is { Exists: true } file ? file.Length : null;

    /// <inheritdoc/>
    public SafeFileHandle? OpenArchive(string path) => File.Exists(Path.Combine(folder, path)) ? Handle(path) : null;

    private SafeFileHandle Handle(string path) =>
        File.OpenHandle(Path.Combine(folder, path), FileMode.Open, FileAccess.Read, FileShare.Read);
}

/// <summary>Finds the images and archives in a folder and its subfolders.</summary>
internal sealed class FolderWalk
{
    private readonly string _root;
    private readonly List<string> _paths = [];
    private readonly List<SkippedFolder> _skipped = [];
    private readonly HashSet<string> _visited = [];
    private readonly Queue<DirectoryInfo> _links = new();

    public FolderWalk(string root)
    {
        _root = Path.GetFullPath(root);
        Visit(new(_root));
        // Links come last, so that a folder inside the set is listed under its real name.
        while (_links.TryDequeue(out var link))
            Visit(link);
    }

    public IReadOnlyList<string> Paths => _paths;

    public IReadOnlyList<SkippedFolder> Skipped => _skipped;

    private void Visit(DirectoryInfo folder)
    {
        // A cycle of links returns to a folder that was visited under its real path.
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
        // Folders of other programs are skipped completely.
        if (entry.Name.StartsWith('.'))
            return;
        if (entry is DirectoryInfo folder)
        {
            if (folder.LinkTarget is null)
                Visit(folder);
            else
                _links.Enqueue(folder);
        }
        else if (FileListing.IsPicture(entry.Name) || FileListing.IsArchive(entry.Name))
            _paths.Add(Relative(entry));
    }

    private string Relative(FileSystemInfo entry) =>
        entry.FullName == _root ? "" : Path.GetRelativePath(_root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');

    // ResolveLinkTarget follows only the last component, so the parents are resolved one by one.
    private static string RealPath(DirectoryInfo folder)
    {
        var target = (folder.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo) ?? folder;
        return target.Parent is { } parent ? Path.Combine(RealPath(parent), target.Name) : target.FullName;
    }
}
