using System.Buffers;

namespace VizPipeline.Images;

/// <summary>The result for one image: its crop (<see cref="Preprocessing.CropBytes"/>), or one sentence why it has none.</summary>
public sealed record CropResult(byte[]? Crop, string? Unreadable);

/// <summary>The crops of an image set by image index, from the cache if possible, else decoded. Thread-safe.</summary>
/// <param name="manifest">The set.</param>
/// <param name="files">Its files; the caller disposes them.</param>
/// <param name="preprocessing">Converts an image to a crop.</param>
/// <param name="cache">Stores crops; null to decode each time. The caller disposes it.</param>
public sealed partial class CropSource(ImageManifest manifest, ImageFiles files, Preprocessing preprocessing, CropCache? cache = null)
{
    /// <summary>Creates a source for a set in a local folder.</summary>
    public CropSource(ImageManifest manifest, string folder, Preprocessing preprocessing, CropCache? cache = null)
        : this(manifest, new ImageFiles(folder), preprocessing, cache)
    {
    }

    /// <summary>The set.</summary>
    public ImageManifest Manifest { get; } = manifest;

    /// <summary>Converts an image to a crop.</summary>
    public Preprocessing Preprocessing { get; } = preprocessing;

    /// <summary>Returns one image's crop, or the reason why it has none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index does not exist in the set.</exception>
    public CropResult Get(int index)
    {
        var crop = new byte[Preprocessing.CropBytes];
        var unreadable = Read(index, crop, CancellationToken.None);
        return unreadable is null ? new(crop, null) : new(null, unreadable);
    }

    /// <summary>Fills <paramref name="crop"/>, or returns why the image has none.</summary>
    private string? Read(int index, Span<byte> crop, CancellationToken cancellation)
    {
        var entry = Entry(index);
        if (cache is not null && cache.TryRead(index, crop, out var remembered))
            return remembered;
        // A missing or changed file may be repaired; only damage in the listed contents is permanent.
        var isListedContent = false;
        try
        {
            using var pixels = Decode(entry, out isListedContent, cancellation);
            Preprocessing.Crop(pixels, crop);
            cache?.Write(index, crop);
            return null;
        }
        catch (UnreadableImageException error)
        {
            if (isListedContent)
                cache?.WriteUnreadable(index, error.Reason);
            return error.Reason;
        }
    }

    private PooledPixels Decode(ImageEntry entry, out bool isListedContent, CancellationToken cancellation)
    {
        isListedContent = false;
        var (buffer, length) = ReadFile(entry, cancellation);
        try
        {
            var bytes = buffer.AsMemory(0, length);
            if (Hashing.Hex(bytes.Span) != entry.ContentHash)
                throw new UnreadableImageException(entry.Path, "the file has changed since the image set was listed");
            isListedContent = true;
            return ImageSetDecoder.DecodePooled(bytes, entry.Path, Preprocessing.Channels == ChannelOrder.Rgba);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private (byte[] Buffer, int Length) ReadFile(ImageEntry entry, CancellationToken cancellation)
    {
        if (entry.Unreadable is { } reason)
            throw new UnreadableImageException(entry.Path, reason);
        if (entry.Bytes > Array.MaxLength)
            throw new UnreadableImageException(entry.Path, "the file is larger than 2 GB");
        // One byte more than listed, so that a file that has grown is detected.
        var buffer = ArrayPool<byte>.Shared.Rent((int)entry.Bytes + 1);
        try
        {
            return (buffer, files.Use(entry.Path, file => file.Read(buffer.AsSpan(0, (int)entry.Bytes + 1), 0), cancellation));
        }
        catch (Exception error)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (error is IOException or UnauthorizedAccessException)
                throw new UnreadableImageException(entry.Path, $"the file cannot be read ({error.Message})");
            throw;
        }
    }

    private ImageEntry Entry(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Manifest.Entries.Count);
        return Manifest.Entries[index];
    }
}
