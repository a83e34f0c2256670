using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>An archive's bytes at positions that the archive itself names, and that are therefore checked first.</summary>
internal sealed class ArchiveBytes(SafeFileHandle handle, string kind) : IDisposable
{
    /// <summary>Bytes in all.</summary>
    public long Length { get; } = RandomAccess.GetLength(handle);

    /// <summary>Bytes from <paramref name="position"/> on.</summary>
    /// <exception cref="IOException">They lie outside the archive.</exception>
    public byte[] Read(long position, long count)
    {
        Check(position, count, Array.MaxLength);
        var bytes = new byte[count];
        Read(bytes, position);
        return bytes;
    }

    /// <summary>Fills <paramref name="target"/> from <paramref name="position"/> on.</summary>
    /// <exception cref="IOException">The bytes lie outside the archive.</exception>
    public void Read(Span<byte> target, long position)
    {
        Check(position, target.Length, target.Length);
        while (target.Length > 0)
        {
            var count = RandomAccess.Read(handle, target, position);
            if (count == 0)
                throw NotWhole();
            target = target[count..];
            position += count;
        }
    }

    /// <summary>A part of the archive as a picture's file.</summary>
    /// <exception cref="IOException">It lies outside the archive.</exception>
    public ImageFile Part(long position, long count)
    {
        Check(position, count, long.MaxValue);
        return new ImageFile(handle, position, count);
    }

    /// <summary>What an archive is that contradicts itself or ends too soon.</summary>
    public IOException NotWhole(Exception? cause = null) => new($"it is no whole {kind}", cause);

    public void Dispose() => handle.Dispose();

    private void Check(long position, long count, long most)
    {
        if (position < 0 || count < 0 || count > most || position > Length || count > Length - position)
            throw NotWhole();
    }
}

/// <summary>Numbers as zip archives write them.</summary>
internal static class LittleEndian
{
    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
