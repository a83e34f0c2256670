using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>The location of an image set's files: a folder, or a prefix of a bucket. Thread-safe.</summary>
/// <remarks>
/// Paths are relative, with '/'. A missing or unreadable file raises an <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>, which skips one image; any other exception (a server that is down) ends the current work.
/// </remarks>
public interface IImageFolder
{
    /// <summary>The location's name in messages.</summary>
    string Name { get; }

    /// <summary>Checks that the location exists.</summary>
    /// <exception cref="ImageSetException">It does not exist.</exception>
    void Check();

    /// <summary>Lists all images and archives.</summary>
    /// <exception cref="ImageSetException">The location is missing or cannot be listed.</exception>
    FileListing List(CancellationToken cancellation);

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    ImageFile Open(string path, CancellationToken cancellation);

    /// <summary>Returns the size of a file in bytes without opening or fetching it; null if there is no such file.</summary>
    /// <exception cref="IOException">The size cannot be determined.</exception>
    long? Length(string path);

    /// <summary>Opens an archive for random access; returns null if there is no such file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    SafeFileHandle? OpenArchive(string path);
}

/// <summary>Files that could be images, and folders that could not be listed.</summary>
/// <param name="Paths">Paths, in any order.</param>
/// <param name="Skipped">Folders and files that could not be listed.</param>
public sealed record FileListing(IReadOnlyList<string> Paths, IReadOnlyList<SkippedFolder> Skipped)
{
    /// <summary>Classes that archives assign to their images, by path.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The archives that contain images.</summary>
    internal IReadOnlySet<string> Archives { get; init; } = new HashSet<string>();

    /// <summary>Extensions of images, with the dot, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } =
        [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", .. ImageSetDecoder.Extensions];

    /// <summary>Extensions of archives of images, with the dot, in lower case.</summary>
    public static IReadOnlyList<string> ArchiveExtensions { get; } = [.. ImageArchives.Extensions];

    /// <summary>Returns whether a name is that of an image.</summary>
    public static bool IsPicture(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) && !IsHidden(path);

    /// <summary>Returns whether a name is that of an archive.</summary>
    public static bool IsArchive(string path) => ImageArchives.IsArchive(path) && !IsHidden(path);

    /// <summary>Returns the archive that contains a path, or null for a separate file, whatever its folders are called.</summary>
    internal string? ArchiveOf(string path) =>
        Archives.Count == 0 ? null : ImageArchives.Splits(path).Select(split => split.Archive).FirstOrDefault(Archives.Contains);

    // Dot names belong to other programs: .git, .Trash, macOS's ._photo.jpg (which is not an image).
    private static bool IsHidden(string path) => path.StartsWith('.') || path.Contains("/.", StringComparison.Ordinal);
}
