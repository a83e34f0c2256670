using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>An archive opened for reading its pictures at random. Safe for many threads. Nothing is ever unpacked under a name of its own.</summary>
internal interface IImageArchive : IDisposable
{
    /// <summary>Paths of the pictures in it.</summary>
    IEnumerable<string> Pictures { get; }

    /// <summary>One picture's contents.</summary>
    /// <exception cref="FileNotFoundException">There is no such member.</exception>
    /// <exception cref="IOException">It cannot be read, or claims more than the archive can hold.</exception>
    ImageFile Open(string member);

    /// <summary>The classes that the archive itself gives its pictures; a picture without one is missing.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    IReadOnlyDictionary<string, string> Labels();
}

/// <summary>The kinds of archives, by extension.</summary>
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

    /// <summary>Takes over the handle, and reads what the archive says of itself.</summary>
    /// <exception cref="IOException">It is no such archive, or not a whole one; the message says which.</exception>
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
    /// What a path may be as archive and name in it: at each part that is called like an archive, the outermost first. Folders may be
    /// called so, too (Spark writes <c>train.parquet/part-0000.parquet</c>), so the first that is an archive is meant.
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
