using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>Where the files of an image set lie: a folder, or a prefix of a bucket. Safe for many threads.</summary>
/// <remarks>
/// Paths are relative, with '/'. A file that is missing or cannot be read is an <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>, which costs one picture; anything else (a server that is away) ends the work at hand.
/// </remarks>
public interface IImageFolder
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Makes sure that it is there.</summary>
    /// <exception cref="ImageSetException">It is not.</exception>
    void Check();

    /// <summary>All pictures and archives.</summary>
    /// <exception cref="ImageSetException">It is missing or cannot be listed.</exception>
    FileListing List(CancellationToken cancellation);

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    ImageFile Open(string path);

    /// <summary>Bytes of a file, which is not opened or fetched for it; null where there is no such file.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    long? Length(string path);

    /// <summary>Opens an archive for reading at random; null where there is no such file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    SafeFileHandle? OpenArchive(string path);
}

/// <summary>Files that could be pictures, and what could not be looked into.</summary>
/// <param name="Paths">Paths, in any order.</param>
/// <param name="Skipped">Folders and files that could not be listed.</param>
public sealed record FileListing(IReadOnlyList<string> Paths, IReadOnlyList<SkippedFolder> Skipped)
{
    /// <summary>Classes that archives give their pictures, by path.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The archives that pictures lie in.</summary>
    internal IReadOnlySet<string> Archives { get; init; } = new HashSet<string>();

    /// <summary>Extensions of pictures, with the dot, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];

    /// <summary>Extensions of archives of pictures, in the same form.</summary>
    public static IReadOnlyList<string> ArchiveExtensions { get; } = [.. ImageArchives.Extensions];

    /// <summary>Whether a name is a picture's.</summary>
    public static bool IsPicture(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) && !IsHidden(path);

    /// <summary>Whether a name is an archive's.</summary>
    public static bool IsArchive(string path) => ImageArchives.IsArchive(path) && !IsHidden(path);

    /// <summary>The archive that a path lies in; null for a file of its own, whatever its folders are called.</summary>
    internal string? ArchiveOf(string path) => Archives.Count == 0 ? null : ImageArchives.Splits(path).Select(split => split.Archive).FirstOrDefault(Archives.Contains);

    // Dot names are other programs' notes: .git, .Trash, macOS's ._photo.jpg (which is no picture).
    private static bool IsHidden(string path) => path.StartsWith('.') || path.Contains("/.", StringComparison.Ordinal);
}
