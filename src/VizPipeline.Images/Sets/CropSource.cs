using System.Buffers;

namespace VizPipeline.Images;

/// <summary>What became of one image: its crop (<see cref="Preprocessing.CropBytes"/>), or one sentence why it has none.</summary>
public sealed record CropResult(byte[]? Crop, string? Unreadable);

/// <summary>The crops of an image set, by image index: from the cache where it has them, else decoded. Safe for many threads.</summary>
/// <param name="manifest">The set.</param>
/// <param name="files">Its files. They stay the caller's to dispose.</param>
/// <param name="preprocessing">How a picture becomes a crop.</param>
/// <param name="cache">Remembers crops; null to decode each time. It stays the caller's to dispose.</param>
public sealed partial class CropSource(ImageManifest manifest, ImageFiles files, Preprocessing preprocessing, CropCache? cache = null)
{
    /// <summary>The crops of a set in a folder of this machine.</summary>
    public CropSource(ImageManifest manifest, string folder, Preprocessing preprocessing, CropCache? cache = null)
        : this(manifest, new ImageFiles(folder), preprocessing, cache)
    {
    }

    /// <summary>The set.</summary>
    public ImageManifest Manifest { get; } = manifest;

    /// <summary>How a picture becomes a crop.</summary>
    public Preprocessing Preprocessing { get; } = preprocessing;

    /// <summary>One image's crop, or why it has none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The set has no such index.</exception>
    public CropResult Get(int index)
    {
        var crop = new byte[Preprocessing.CropBytes];
        var unreadable = Read(index, crop);
        return unreadable is null ? new(crop, null) : new(null, unreadable);
    }

    /// <summary>The whole picture as the file stores it, for pages.</summary>
    /// <exception cref="UnreadableImageException">The file is missing, changed or no picture.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The set has no such index.</exception>
    public RgbImage Original(int index)
    {
        using var pixels = Decode(Entry(index), withAlpha: false, out _);
        return new(pixels.Width, pixels.Height, pixels.Span.ToArray());
    }

    /// <summary>Fills <paramref name="crop"/>, or returns why the image has none.</summary>
    private string? Read(int index, Span<byte> crop)
    {
        var entry = Entry(index);
        if (cache is not null && cache.TryRead(index, crop, out var remembered))
            return remembered;
        // A file that is missing or changed may be put right; only damage in the listed contents is there to stay.
        var isListedContent = false;
        try
        {
            using var pixels = Decode(entry, Preprocessing.Channels == ChannelOrder.Rgba, out isListedContent);
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

    private PooledPixels Decode(ImageEntry entry, bool withAlpha, out bool isListedContent)
    {
        isListedContent = false;
        var (buffer, length) = ReadFile(entry);
        try
        {
            var bytes = buffer.AsMemory(0, length);
            if (Hashing.Hex(bytes.Span) != entry.ContentHash)
                throw new UnreadableImageException(entry.Path, "the file has changed since the image set was listed");
            isListedContent = true;
            return ImageDecoder.DecodePooled(bytes, entry.Path, withAlpha: withAlpha);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private (byte[] Buffer, int Length) ReadFile(ImageEntry entry)
    {
        if (entry.Unreadable is { } reason)
            throw new UnreadableImageException(entry.Path, reason);
        if (entry.Bytes > Array.MaxLength)
            throw new UnreadableImageException(entry.Path, "the file is larger than 2 GB");
        // One byte more than listed, so that a file that has grown is not taken for the listed one.
        var buffer = ArrayPool<byte>.Shared.Rent((int)entry.Bytes + 1);
        try
        {
            return (buffer, files.Use(entry.Path, file => file.Read(buffer.AsSpan(0, (int)entry.Bytes + 1), 0)));
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
