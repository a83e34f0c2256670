using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace VizPipeline.Images;

/// <summary>Reads an archive's bytes at positions that the archive itself gives, which are therefore checked first.</summary>
internal sealed class ArchiveBytes(SafeFileHandle handle, string kind) : IDisposable
{
    /// <summary>Size of the archive in bytes.</summary>
    public long Length { get; } = RandomAccess.GetLength(handle);

    /// <summary>Reads bytes from <paramref name="position"/> on.</summary>
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

    /// <summary>Returns a part of the archive as an image file.</summary>
    /// <exception cref="IOException">It lies outside the archive.</exception>
    public ImageFile Part(long position, long count)
    {
        Check(position, count, long.MaxValue);
        return new ImageFile(handle, position, count);
    }

    /// <summary>Creates the exception for an archive that is inconsistent or truncated.</summary>
    public IOException NotWhole(Exception? cause = null) => new($"it is no whole {kind}", cause);

    public void Dispose() => handle.Dispose();

    private void Check(long position, long count, long most)
    {
        if (position < 0 || count < 0 || count > most || position > Length || count > Length - position)
            throw NotWhole();
    }
}

/// <summary>Reads numbers in the byte order of zip archives.</summary>
internal static class LittleEndian
{
    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
