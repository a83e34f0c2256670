using System.Buffers;

namespace VizPipeline.Images;

/// <summary>An image that is missing from a batch, and the reason.</summary>
public readonly record struct SkippedImage(int Index, string Reason);

/// <summary>Crops in one contiguous piece of pooled memory, ready for upload. Dispose it to return the memory.</summary>
public sealed class CropBatch : IDisposable
{
    private byte[]? _buffer;

    internal CropBatch(byte[] buffer, int cropBytes, int[] indices, SkippedImage[] skipped)
    {
        _buffer = buffer;
        CropBytes = cropBytes;
        Indices = indices;
        Skipped = skipped;
    }

    /// <summary>Image indices of the crops, in the requested order.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Images of this batch that are unreadable.</summary>
    public IReadOnlyList<SkippedImage> Skipped { get; }

    /// <summary>Bytes of one crop, see <see cref="Preprocessing.CropBytes"/>.</summary>
    public int CropBytes { get; }

    /// <summary>The crops in sequence. Must not be used after disposal.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been returned.</exception>
    public Memory<byte> Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            return _buffer.AsMemory(0, Indices.Count * CropBytes);
        }
    }

    /// <summary>Returns the crop at position <paramref name="position"/> of the batch (not the image index).</summary>
    public Span<byte> Crop(int position) => Pixels.Span.Slice(position * CropBytes, CropBytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }
}
