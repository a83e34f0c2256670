using System.Collections.Concurrent;
using VizPipeline.Images;

namespace VizPipeline.ImageStore;

/// <summary>Reads single images of image sets for people who wait. Sets stay open, because opening an archive may take seconds.</summary>
/// <param name="roots">Opens the image sets.</param>
public sealed class OpenImageSets(ImageRoot roots) : IDisposable
{
    private const int LargestFile = 64 << 20;
    private readonly ConcurrentDictionary<string, ImageFiles> _open = new();

    /// <summary>Reads an image file of at most 64 MB.</summary>
    /// <param name="root">The root of the set.</param>
    /// <param name="path">The path of the image in the set.</param>
    /// <exception cref="UnreadableImageException">The file is larger.</exception>
    /// <exception cref="ImageSetException">The set is not there.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public ReadOnlyMemory<byte> Read(string root, string path) => _open.GetOrAdd(root, roots.Open).Use(path, file =>
    {
        if (file.Length > LargestFile)
            throw new UnreadableImageException(path, "the file is larger than 64 MB, the limit for pages");
        var content = new byte[file.Length];
        return (ReadOnlyMemory<byte>)content.AsMemory(0, file.Read(content, 0));
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var files in _open.Values)
            files.Dispose();
    }
}
