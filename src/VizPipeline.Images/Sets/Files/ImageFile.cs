using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>
/// The contents of one file of an image set: a separate file, a part of an archive, or memory. Thread-safe until disposed.
/// </summary>
public sealed class ImageFile : IDisposable
{
    private readonly SafeFileHandle? _handle;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly long _offset;
    private readonly bool _isOwner;

    /// <summary>Wraps a separate file, which is disposed with this object.</summary>
    public ImageFile(SafeFileHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        (_handle, _isOwner, Length) = (handle, true, RandomAccess.GetLength(handle));
    }

    /// <summary>Wraps contents in memory.</summary>
    public ImageFile(ReadOnlyMemory<byte> contents) => (_memory, Length) = (contents, contents.Length);

    /// <summary>Wraps a part of an archive, which keeps ownership of its handle.</summary>
    internal ImageFile(SafeFileHandle archive, long offset, long length) => (_handle, _offset, Length) = (archive, offset, length);

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    /// <summary>Copies bytes from <paramref name="position"/> on; returns fewer than requested only at the end.</summary>
    /// <exception cref="IOException">Reading failed.</exception>
    public int Read(Span<byte> target, long position)
    {
        var count = (int)Math.Clamp(Length - position, 0, target.Length);
        if (_handle is null)
        {
            _memory.Span.Slice((int)Math.Min(position, Length), count).CopyTo(target);
            return count;
        }
        var read = 0;
        while (read < count && RandomAccess.Read(_handle, target[read..count], _offset + position + read) is var more and > 0)
            read += more;
        return read;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOwner)
            _handle!.Dispose();
    }
}
