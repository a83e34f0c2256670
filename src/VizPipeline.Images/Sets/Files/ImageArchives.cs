using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>An archive opened for random access to its images. Thread-safe. Nothing is ever unpacked to disk.</summary>
internal interface IImageArchive : IDisposable
{
    /// <summary>Paths of its images.</summary>
    IEnumerable<string> Pictures { get; }

    /// <summary>Opens one image's contents.</summary>
    /// <exception cref="FileNotFoundException">There is no such member.</exception>
    /// <exception cref="IOException">It cannot be read, or claims more than the archive can hold.</exception>
    ImageFile Open(string member);

    /// <summary>Returns the classes that the archive itself assigns to its images; images without one are missing.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    IReadOnlyDictionary<string, string> Labels();
}

/// <summary>The supported archive formats by extension.</summary>
internal static class ImageArchives
{
    private static readonly (string Extension, Func<SafeFileHandle, IImageArchive> Open)[] Kinds =
    [
        (".tar", handle => new TarArchive(handle)),
        (".zip", handle => new ZipArchive(handle)),
        (".parquet", handle => new ParquetArchive(handle)),
    ];

    public static IEnumerable<string> Extensions => Kinds.Select(kind => kind.Extension);

    public static bool IsArchive(string path) => Extensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes ownership of the handle and reads the archive's directory.</summary>
    /// <exception cref="IOException">The file is not such an archive or is incomplete; the message says which.</exception>
    public static IImageArchive Open(string path, SafeFileHandle handle)
    {
        try
        {
            return Kinds.First(kind => path.EndsWith(kind.Extension, StringComparison.OrdinalIgnoreCase)).Open(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the possible divisions of a path into an archive and a member: at each component with an archive's extension, outermost
    /// first. Folders may have such names too (Spark writes <c>train.parquet/part-0000.parquet</c>), so the first one that is an archive
    /// applies.
    /// </summary>
    public static IEnumerable<(string Archive, string Member)> Splits(string path)
    {
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (IsArchive(path[..slash]))
                yield return (path[..slash], path[(slash + 1)..]);
        }
    }
}
